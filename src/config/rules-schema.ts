import { z } from 'zod';
import { signalSchema } from '../executor/check-schema.js';
import { parseCondition } from '../source/condition.js';
import { durationField, labelsField, levelField, modeField, nameField, severityField } from './fields.js';

/** `> 10%`, read as a Condition. */
export const conditionField = z
  .string({ error: ({ input }) => (typeof input === 'number' ? `${input} is not a condition: write a comparison as well, such as "> ${input}"` : undefined) })
  .transform((text, context) => {
    const condition = parseCondition(text);
    if (!('problem' in condition)) return condition;
    context.addIssue({ code: 'custom', message: condition.problem });
    return z.NEVER;
  });

/** Only what stands on the right of a comparison. */
const threshold = z.union([z.string(), z.number()], 'must be a number, a percentage (10%), a duration (5s) or a size (512MiB)').transform((written, context) => {
  const condition = parseCondition(`> ${written}`);
  if (!('problem' in condition)) return String(written);
  context.addIssue({ code: 'custom', message: condition.problem });
  return z.NEVER;
});

const hysteresis = z
  .strictObject({ above: threshold.optional(), below: threshold.optional(), clear: threshold })
  .refine(({ above, below }) => (above === undefined) !== (below === undefined), 'needs either above or below');

const window = z.union([durationField, z.strictObject({ consecutive: z.int().min(1) })], 'must be a duration such as 5m, or { consecutive: 4 }');
const onUnknown = z.enum(['hold', 'reset', 'breach']).default('hold');

export const triggerSchema = z.strictObject({
  name: nameField,
  source: nameField.optional(),
  expr: z.string().refine((text) => text.trim() !== '', 'must not be empty').optional(),
  signal: signalSchema.optional(),
  condition: z.union([conditionField, hysteresis], 'must be a condition such as "> 10%", or { above: 10%, clear: 5% }').optional(),
  for: window.optional(),
  onNoData: onUnknown,
  onError: onUnknown,
  severity: severityField.default('high'),
  response: z.enum(['immediate', 'monitor']).default('immediate'),
  level: levelField.optional(),
  levels: z.tuple([levelField, levelField], 'must be two levels, the lowest and the highest, such as [1, 3]').optional(),
  plan: nameField.optional(),
  mode: modeField.optional(),
  labels: labelsField.default({}),
  annotations: labelsField.default({}),
});

/** One file of `rules/`. */
export const rulesSchema = z.strictObject({ target: nameField, triggers: z.array(triggerSchema).min(1) });

export type WrittenTrigger = z.output<typeof triggerSchema>;
