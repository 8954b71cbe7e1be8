import { parseDuration } from '../time/duration.js';

export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!=';

/** A comparison of one value, as it was written (`text`), with its threshold in base units: ratio, seconds, bytes or plain. */
export interface Condition {
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly unit: 'number' | 'ratio' | 'seconds' | 'bytes';
  readonly text: string;
}

const CONDITION = /^\s*(>=|<=|==|!=|>|<)\s*(\S.*?)\s*$/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const SIZE = /^(\d+(?:\.\d+)?)\s*(B|[KMGTP]B|[KMGTP]iB)$/;
const SIZE_STEPS = ['', 'K', 'M', 'G', 'T', 'P'];

/** Reads `> 10%`, `>= 5s`, `== 0`, `> 512MiB`; otherwise the sentence that tells what was wrong and what would be right. */
export function parseCondition(text: string): Condition | { readonly problem: string } {
  const match = CONDITION.exec(text);
  if (match === null) {
    return { problem: `"${text}" is not a condition: write a comparison (> >= < <= == !=) and a threshold, such as "> 10%" or ">= 5s"` };
  }
  const [, comparison, written] = match as unknown as [string, Comparison, string];
  const threshold = parseThreshold(written);
  if (threshold === undefined) {
    return { problem: `"${written}" is not a threshold: write a number (1000), a percentage (10%), a duration (5s) or a size (512MiB)` };
  }
  return { comparison, ...threshold, text: `${comparison} ${written}` };
}

function parseThreshold(written: string): Pick<Condition, 'threshold' | 'unit'> | undefined {
  if (NUMBER.test(written)) return { threshold: Number(written), unit: 'number' };
  if (written.endsWith('%')) {
    const digits = written.slice(0, -1).trimEnd();
    return NUMBER.test(digits) ? { threshold: Number((Number(digits) / 100).toPrecision(15)), unit: 'ratio' } : undefined;
  }
  const size = SIZE.exec(written);
  if (size !== null) {
    const [, digits, unit] = size as unknown as [string, string, string];
    const base = unit.includes('i') ? 1024 : 1000;
    const power = unit === 'B' ? 0 : SIZE_STEPS.indexOf(unit.charAt(0));
    return { threshold: Number(digits) * base ** power, unit: 'bytes' };
  }
  const durationMs = parseDuration(written);
  return durationMs === undefined ? undefined : { threshold: durationMs / 1000, unit: 'seconds' };
}

/** Whether the condition holds for a value. NaN never gets here: it is no data. */
export function conditionHolds(condition: Condition, value: number): boolean {
  switch (condition.comparison) {
    case '>':
      return value > condition.threshold;
    case '>=':
      return value >= condition.threshold;
    case '<':
      return value < condition.threshold;
    case '<=':
      return value <= condition.threshold;
    case '==':
      return value === condition.threshold;
    case '!=':
      return value !== condition.threshold;
    default:
      throw new TypeError(`unknown comparison ${String(condition.comparison satisfies never)}`);
  }
}

/** Writes a value in the unit of the condition that it is held against: `12.4%`, `1.2s`, `300 MB`, `7`. */
export function formatValue(value: number, unit: Condition['unit']): string {
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const rounded = (number: number): string => String(Number(number.toPrecision(3)));
  switch (unit) {
    case 'ratio':
      return `${rounded(value * 100)}%`;
    case 'seconds':
      return Math.abs(value) < 1 && value !== 0 ? `${rounded(value * 1000)}ms` : `${rounded(value)}s`;
    case 'bytes': {
      const power = Math.min(SIZE_STEPS.length - 1, Math.max(0, Math.floor(Math.log10(Math.abs(value) || 1) / 3)));
      return `${rounded(value / 1000 ** power)} ${SIZE_STEPS[power] ?? ''}B`;
    }
    case 'number':
      return Number.isInteger(value) ? String(value) : rounded(value);
    default:
      return String(unit satisfies never);
  }
}
