import { type Condition, conditionHolds } from '../source/condition.js';
import { parseTriggerCondition } from './baseline-condition.js';
import type { Doubt } from './condition-sense.js';
import type { WrittenTrigger } from './rules-schema.js';

export interface TriggerConditions {
  readonly condition: Condition;
  readonly clearCondition?: Condition | undefined;
}

/** A health endpoint is 1 or 0, so its trigger need not say it. */
export const unhealthy: Condition = { comparison: '==', threshold: 0, unit: 'number', text: '== 0' };

/** An alert that Alertmanagers have told of is 1 or 0. */
export const fires: Condition = { comparison: '>', threshold: 0, unit: 'number', text: 'fires' };
/** Of alerts that are counted. */
export const anyFires: Condition = { comparison: '>', threshold: 0, unit: 'number', text: '> 0' };

/** `above` and `below` are the breach; with `clear`, the alert ends at that value and not before. */
export function conditionsOf(written: NonNullable<WrittenTrigger['condition']>): TriggerConditions {
  if ('comparison' in written) return { condition: written };
  const { above, below, clear } = written;
  return above === undefined
    ? { condition: mustParse(`< ${below ?? ''}`), clearCondition: mustParse(`>= ${clear}`) }
    : { condition: mustParse(`> ${above}`), clearCondition: mustParse(`<= ${clear}`) };
}

/** Whether the two ends of a hysteresis fit together. */
export function doubtfulHysteresis({ condition, clearCondition }: TriggerConditions): Doubt | undefined {
  if (clearCondition === undefined) return undefined;
  if (condition.unit !== clearCondition.unit) return { message: `"${clearCondition.text}" and "${condition.text}" are not of one unit` };
  if (!conditionHolds(condition, clearCondition.threshold)) return undefined;
  return { message: `"clear" is on the wrong side: "${condition.text}" holds there`, hint: condition.comparison === '>' ? 'it must not be higher than "above"' : 'it must not be lower than "below"' };
}

/** The schema has read both sides already. */
function mustParse(text: string): Condition {
  const condition = parseTriggerCondition(text);
  if ('problem' in condition) throw new TypeError(condition.problem);
  return condition;
}
