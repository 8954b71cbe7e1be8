import { z } from 'zod';
import { type Condition, formatValue, parseCondition } from '../source/condition.js';
import { levelField, nameField, severityField } from './fields.js';

/** `all`, 0.6 and `60%` as a share; `undefined` for anything else. */
export function shareOf(written: string | number): number | undefined {
  if (written === 'all') return 1;
  const parsed = parseCondition(`>= ${written}`);
  const isShare = !('problem' in parsed) && (parsed.unit === 'ratio' || parsed.unit === 'number') && parsed.threshold >= 0 && parsed.threshold <= 1;
  return isShare ? parsed.threshold : undefined;
}

/** A bare share means at least so much, and `all` everybody. */
const impactCell = z.union([z.string(), z.number()], 'must be all, a share (50%), or a comparison such as "> 50%"').meta({ title: '`all`, a share, or a condition' }).transform((written, context): Condition => {
  const share = shareOf(written);
  if (share !== undefined) return { comparison: '>=', threshold: share, unit: 'ratio', text: written === 'all' ? 'all' : `>= ${formatValue(share, 'ratio')}` };
  const condition = parseCondition(String(written));
  if (!('problem' in condition) && (condition.unit === 'ratio' || condition.unit === 'number')) return { ...condition, unit: 'ratio' };
  context.addIssue({ code: 'custom', message: `"${written}" is not an impact: write all, a share (50%), or a comparison such as "> 50%"` });
  return z.NEVER;
});

const timeToFixCell = z.string().transform((written, context): Condition => {
  const condition = parseCondition(written);
  if (!('problem' in condition) && condition.unit === 'seconds') return condition;
  context.addIssue({ code: 'custom', message: `"${written}" is not a comparison with a duration: write it as "> 1h" or "< 15m"` });
  return z.NEVER;
});

const outcomeKeys = ['levels', 'level', 'plan', 'fixForward'] as const;

const row = z
  .strictObject({
    severity: z.union([severityField, z.array(severityField).min(1)], 'must be one of critical, high, medium, low, or a list of them').optional().describe('Of the trigger.'),
    impact: impactCell.optional().describe('On the share of the users that the trigger concerns: `all`, `50%` (at least so much), `"> 50%"`.'),
    timeToFix: timeToFixCell.optional().meta({ title: 'condition on a duration', description: 'On the trigger\'s `timeToFix`: `"> 1h"`.' }),
    issueType: nameField.optional().describe('The same as the trigger\'s.'),
    levels: z.tuple([levelField, levelField], 'must be two levels, the lowest and the highest, such as [3, 5]').refine(([from, to]) => from <= to, 'must have the lower level first').optional().meta({ title: '[from, to]', description: 'A range of levels, both included: a ladder.' }),
    level: levelField.optional().describe('One level.'),
    plan: nameField.optional().meta({ title: 'plan id', description: 'This plan. The row then answers for the plan\'s target only.' }),
    fixForward: z.literal(true).optional().describe('Nothing is rolled back; people are told that it is to be fixed forward.'),
    approval: nameField.optional().describe('An entry of `policy.approvals` that what it leads to takes, besides what its level does.'),
  })
  .refine((cells) => outcomeKeys.filter((key) => cells[key] !== undefined).length === 1, 'needs one of levels, level, plan and fixForward: true, which say what is done')
  .refine(({ fixForward, approval }) => fixForward === undefined || approval === undefined, 'has an approval, though fixForward starts nothing')
  .meta({ title: 'row of the matrix' });

export const matrixSchema = z.array(row).max(200);
export type WrittenMatrixRow = z.output<typeof row>;
