import { type Condition, conditionHolds, formatValue } from '../source/condition.js';
import type { Signal } from '../source/signal.js';
import type { Query } from '../source/source.js';

interface Measure {
  /** `an error rate`. */
  readonly what: string;
  readonly units: readonly Condition['unit'][];
  readonly min: number;
  readonly max: number;
}

const SHARE = { units: ['ratio', 'number'], min: 0, max: 1 } as const;

const measures: Readonly<Record<Exclude<Signal['type'], 'gauge'> | 'health' | 'alerts', Measure>> = {
  errorRate: { what: 'an error rate', ...SHARE },
  syncSuccess: { what: 'a success rate', ...SHARE },
  saturation: { what: 'a saturation', ...SHARE, max: Infinity },
  latency: { what: 'a latency', units: ['seconds', 'number'], min: 0, max: Infinity },
  queueDepth: { what: 'a queue depth', units: ['number'], min: 0, max: Infinity },
  alerts: { what: 'a number of alerts', units: ['number'], min: 0, max: Infinity },
  health: { what: 'health', units: ['number'], min: 0, max: 1 },
};

const unitExamples: Readonly<Record<Condition['unit'], string>> = {
  ratio: 'a percentage (10%)',
  seconds: 'a duration (5s)',
  bytes: 'a size (512MiB)',
  number: 'a plain number',
};

/** What a person may have got wrong: the problem and what would be right. */
export interface Doubt {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A condition that cannot mean what its author wanted, given what is measured; `undefined` when it makes sense or nobody can tell. */
export function doubtfulCondition(condition: Condition, query: Query): Doubt | undefined {
  const type = query.kind === 'signal' ? query.signal.type : query.kind;
  if (type === 'promql' || type === 'gauge' || type === 'triggers' || type === 'received') return undefined;
  const { what, units, min, max } = measures[type];
  const { unit, threshold, text } = condition;
  if (!units.includes(unit)) return { message: `${what} cannot be held against "${text}"`, hint: `write ${units.map((known) => unitExamples[known]).join(' or ')}` };
  if (units.includes('ratio') && unit === 'number' && threshold > 1) {
    return { message: `${what} is a share of 1, so "${text}" means ${formatValue(threshold, 'ratio')}`, hint: `write "${condition.comparison} ${threshold}%"` };
  }
  const range = max === Infinity ? `is never below ${min}` : type === 'health' ? 'is 1 (healthy) or 0' : 'is between 0% and 100%';
  const possible = type === 'health' ? [0, 1] : telltales(threshold, min, max);
  if (!possible.some((value) => conditionHolds(condition, value))) return { message: `"${text}" can never hold: ${what} ${range}` };
  if (possible.every((value) => conditionHolds(condition, value))) return { message: `"${text}" always holds: ${what} ${range}` };
  if (type === 'health' && conditionHolds(condition, 1)) return { message: `"${text}" holds when the endpoint is healthy (1)`, hint: 'write "== 0"' };
  return undefined;
}

/** Values on both sides of a threshold, within what can be measured: a comparison that holds for none of them never holds. */
function telltales(threshold: number, min: number, max: number): readonly number[] {
  const above = max === Infinity ? threshold * 2 + 1 : (threshold + max) / 2;
  return [min, max, threshold, (min + threshold) / 2, above].filter((value) => Number.isFinite(value) && value >= min && value <= max);
}
