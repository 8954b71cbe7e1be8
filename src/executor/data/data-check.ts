import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { conditionHolds, parseCondition } from '../../source/condition.js';
import { plainText } from '../calls/command-line.js';

/** A statement that tells whether restored data is sound: the first column of its first row is held against `expect`. */
export const dataCheckSchema = z.strictObject({
  name: plainText.min(1).describe('What is checked, as it stands in messages.'),
  sql: plainText.min(1).refine((sql) => !sql.includes('${'), 'is taken as it is, so it cannot hold a reference').meta({ title: 'SQL', description: 'Taken as it is; it can change nothing. The first column of the first row counts.' }),
  /** A value, or a condition such as `> 1000`. */
  expect: z.union([z.string(), z.number(), z.boolean()]).default(true).meta({ title: 'value or condition', description: '`true`, `0`, `text`, `"> 1000"`.' }),
}).meta({ title: 'check of data' });
export type DataCheck = z.infer<typeof dataCheckSchema>;

/** Throws `data-unsound` unless the value is the expected one. */
export function holdCheck({ name, expect }: DataCheck, value: unknown): void {
  if (asExpected(expect, value)) return;
  throw new BelayError('data-unsound', `check "${name}" answered ${value === undefined ? 'with no row' : JSON.stringify(value)}, expected ${JSON.stringify(expect)}`);
}

function asExpected(expect: DataCheck['expect'], value: unknown): boolean {
  if (value === undefined || value === null) return false;
  const condition = typeof expect === 'string' ? parseCondition(expect) : undefined;
  if (condition !== undefined && !('problem' in condition)) return Number.isFinite(Number(value)) && conditionHolds(condition, Number(value));
  // Databases without booleans answer with 1 and 0.
  if (typeof expect === 'boolean') return value === expect || value === Number(expect);
  return (typeof value === 'string' ? value : JSON.stringify(value)) === String(expect);
}
