import { z } from 'zod';
import { alertMatch, signalSchema } from '../executor/steps/check-schema.js';
import { type Condition, parseCondition } from '../source/condition.js';
import { parseTriggerCondition } from './baseline-condition.js';
import { shareOf } from './matrix-schema.js';
import { durationField, labelsField, levelField, modeField, nameField, positiveDurationField, severityField, shareField } from './fields.js';

const conditionReadBy = (parse: typeof parseCondition) =>
  z
    .string({ error: ({ input }) => (typeof input === 'number' ? `${input} is not a condition: write a comparison as well, such as "> ${input}"` : undefined) })
    .transform((text, context): Condition => {
      const condition = parse(text);
      if (!('problem' in condition)) return condition;
      context.addIssue({ code: 'custom', message: condition.problem });
      return z.NEVER;
    });

/** `> 10%`, read as a Condition. */
export const conditionField = conditionReadBy(parseCondition);
/** `> 150% of baseline` besides. */
const triggerCondition = conditionReadBy(parseTriggerCondition);

/** Only what stands on the right of a comparison. */
const threshold = z.union([z.string(), z.number()], 'must be a number, a percentage (10%), a duration (5s) or a size (512MiB)').transform((written, context) => {
  const condition = parseTriggerCondition(`> ${written}`);
  if (!('problem' in condition)) return String(written);
  context.addIssue({ code: 'custom', message: condition.problem });
  return z.NEVER;
});

const hysteresis = z
  .strictObject({ above: threshold.optional(), below: threshold.optional(), clear: threshold })
  .refine(({ above, below }) => (above === undefined) !== (below === undefined), 'needs either above or below');

const window = z.union(
  [
    durationField,
    z
      .strictObject({ consecutive: z.int().min(1).optional(), for: positiveDurationField.optional(), atLeast: shareField.optional() })
      .refine(({ consecutive, for: lasting, atLeast }) => (consecutive === undefined) === (lasting !== undefined && atLeast !== undefined), 'needs either consecutive, or for and atLeast'),
  ],
  'must be a duration such as 5m, { consecutive: 4 } or { for: 5m, atLeast: 80% }',
);
const onUnknown = z.enum(['hold', 'reset', 'breach']).default('hold');

/** No query of people is longer; what is comes from a program that went wrong. */
const LONGEST_EXPR = 20_000;
const exprField = z.string().max(LONGEST_EXPR).refine((text) => text.trim() !== '', 'must not be empty');
const members = z.array(nameField).min(1);

/** `all`, a share (0.6, 60%), or a question that the trigger's source answers with one. */
const impact = z.union(
  [z.number().min(0).max(1), exprField, z.strictObject({ signal: signalSchema })],
  'must be all, a share such as 60%, an expression that gives a share, or { signal: … }',
).transform((written): { readonly share: number } | { readonly expr: string } | { readonly signal: z.output<typeof signalSchema> } => {
  if (typeof written === 'object') return written;
  const stated = shareOf(written);
  return stated === undefined ? { expr: String(written) } : { share: stated };
});

export const triggerSchema = z.strictObject({
  name: nameField,
  source: nameField.optional(),
  expr: exprField.optional(),
  signal: signalSchema.optional(),
  all: members.optional(),
  any: members.optional(),
  count: z.strictObject({ atLeast: z.int().min(1), of: members }).optional(),
  alertmanager: z.strictObject({ match: alertMatch, validFor: positiveDurationField.prefault('5h') }).optional(),
  confirm: z.enum(['source', 'none']).optional(),
  alerts: z.strictObject({ match: alertMatch }).optional(),
  condition: z.union([triggerCondition, hysteresis], 'must be a condition such as "> 10%", or { above: 10%, clear: 5% }').optional(),
  severities: z
    .strictObject({ critical: triggerCondition.optional(), high: triggerCondition.optional(), medium: triggerCondition.optional(), low: triggerCondition.optional() })
    .refine((conditions) => Object.keys(conditions).length > 0, 'must have at least one entry')
    .optional(),
  for: window.optional(),
  trend: z.literal('rising').optional(),
  baseline: z
    .strictObject({ offset: positiveDurationField.optional(), before: z.literal('change').optional(), window: positiveDurationField })
    .refine(({ offset, before }) => (offset === undefined) !== (before === undefined), 'needs either offset or before: change')
    .optional(),
  minTraffic: z
    .strictObject({ expr: exprField.optional(), signal: signalSchema.optional(), atLeast: z.number().gt(0) })
    .refine(({ expr, signal }) => (expr === undefined) !== (signal === undefined), 'needs either expr or signal')
    .optional(),
  minSamples: z.int().min(1).optional(),
  maxAlerts: z.int().min(1).max(1_000).default(100),
  keepFiringFor: positiveDurationField.optional(),
  onNoData: onUnknown,
  onError: onUnknown,
  severity: severityField.default('high'),
  response: z.enum(['immediate', 'scheduled', 'monitor']).default('immediate'),
  delay: positiveDurationField.optional(),
  level: levelField.optional(),
  levels: z.tuple([levelField, levelField], 'must be two levels, the lowest and the highest, such as [1, 3]').optional(),
  plan: nameField.optional(),
  impact: impact.optional(),
  timeToFix: positiveDurationField.optional(),
  issueType: nameField.optional(),
  approval: nameField.optional(),
  mode: modeField.optional(),
  labels: labelsField.default({}),
  annotations: labelsField.default({}),
});

/** One file of `rules/`. */
export const rulesSchema = z.strictObject({ target: nameField, triggers: z.array(triggerSchema).min(1) });

export type WrittenTrigger = z.output<typeof triggerSchema>;
