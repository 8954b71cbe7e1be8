import type { WrittenMatrixRow } from './matrix-schema.js';
import type { TriggerPart } from './rules-part.js';

/** Whether a trigger leaves it to the decision matrix what is done. */
export function leavesToMatrix({ written, fields: { response } }: TriggerPart): boolean {
  return response !== 'monitor' && ['level', 'levels', 'plan'].every((key) => written[key] === undefined);
}

/** Whether the levels that a trigger, or a row of the matrix, asks for include one; who names a plan asks for none. */
export function reaches({ level: only, levels }: Pick<WrittenMatrixRow, 'level' | 'levels'>, level: number): boolean {
  const [from, to] = levels ?? [only ?? Infinity, only ?? -Infinity];
  return from <= level && level <= to;
}
