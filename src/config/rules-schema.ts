import { z } from 'zod';
import { alertMatch, signalSchema } from '../executor/steps/check-schema.js';
import { type Condition, parseCondition } from '../source/condition.js';
import { parseTriggerCondition } from './baseline-condition.js';
import { shareOf } from './matrix-schema.js';
import { durationField, labelsField, levelField, modeField, nameField, positiveDurationField, severityField, shareField } from './fields.js';

const conditionReadBy = (parse: typeof parseCondition) =>
  z
    .string({ error: ({ input }) => (typeof input === 'number' ? `${input} is not a condition: write a comparison as well, such as "> ${input}"` : undefined) })
    .meta({ title: 'condition' })
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
const threshold = z.union([z.string(), z.number()], 'must be a number, a percentage (10%), a duration (5s) or a size (512MiB)').meta({ title: 'threshold' }).transform((written, context) => {
  const condition = parseTriggerCondition(`> ${written}`);
  if (!('problem' in condition)) return String(written);
  context.addIssue({ code: 'custom', message: condition.problem });
  return z.NEVER;
});

const hysteresis = z
  .strictObject({
    above: threshold.optional().describe('It breaches above this.'),
    below: threshold.optional().describe('It breaches below this.'),
    clear: threshold.describe('A firing alert ends only at this value.'),
  })
  .refine(({ above, below }) => (above === undefined) !== (below === undefined), 'needs either above or below');

const window = z.union(
  [
    durationField,
    z
      .strictObject({
        consecutive: z.int().min(1).optional().describe('So many samples in a row.'),
        for: positiveDurationField.optional().describe('Over this time.'),
        atLeast: shareField.optional().describe('It must breach for so much of it.'),
      })
      .refine(({ consecutive, for: lasting, atLeast }) => (consecutive === undefined) === (lasting !== undefined && atLeast !== undefined), 'needs either consecutive, or for and atLeast'),
  ],
  'must be a duration such as 5m, { consecutive: 4 } or { for: 5m, atLeast: 80% }',
);
const onUnknown = z.enum(['hold', 'reset', 'breach']).default('hold');

/** No query of people is longer; what is comes from a program that went wrong. */
const LONGEST_EXPR = 20_000;
const exprField = z.string().max(LONGEST_EXPR).refine((text) => text.trim() !== '', 'must not be empty').meta({ title: 'PromQL' });
const members = z.array(nameField).min(1);

/** `all`, a share (0.6, 60%), or a question that the trigger's source answers with one. */
const impact = z.union(
  [z.number().min(0).max(1), exprField, z.strictObject({ signal: signalSchema.describe('A question that the trigger\'s source answers with a share.') })],
  'must be all, a share such as 60%, an expression that gives a share, or { signal: … }',
).transform((written): { readonly share: number } | { readonly expr: string } | { readonly signal: z.output<typeof signalSchema> } => {
  if (typeof written === 'object') return written;
  const stated = shareOf(written);
  return stated === undefined ? { expr: String(written) } : { share: stated };
});

export const triggerSchema = z.strictObject({
  name: nameField.describe('Unique over all files.'),
  source: nameField.optional().describe('A source, or `health` for the target\'s own endpoint as 1 or 0. May be left out where `belay.yaml` has one source.'),
  expr: exprField.optional().describe('The question to a Prometheus. Either `expr` or `signal`; neither with `source: health`. Its syntax is checked; 20,000 characters at most.'),
  signal: signalSchema.optional().describe('The question in a form that a scraped endpoint answers as well.'),
  all: members.optional().describe('Instead of a question: a [composite](docs/windows.md#composites), which breaches while all of these triggers fire.'),
  any: members.optional().describe('The same, while one of them fires.'),
  count: z.strictObject({
    atLeast: z.int().min(1).describe('So many of them.'),
    of: members.describe('Names of triggers.'),
  }).optional().describe('The same, while so many of them fire.'),
  alertmanager: z.strictObject({
    match: alertMatch.describe('Which alerts, by their labels.'),
    validFor: positiveDurationField.prefault('5h').describe('For how long a message counts that nobody confirms.'),
  }).optional().describe('Instead of a question: [the alerts that Alertmanagers send](docs/alertmanager.md).'),
  confirm: z.enum(['source', 'none']).optional().describe('With `alertmanager`: whether a source is asked before acting (`source`, unless told), or the message alone counts.'),
  alerts: z.strictObject({ match: alertMatch.describe('Which alerts, by their labels.') }).optional().describe('Instead of a question: [how many alerts fire](docs/alertmanager.md#asking-an-alertmanager) in the Alertmanager that `source` names, `> 0` unless told.'),
  condition: z.union([triggerCondition, hysteresis], 'must be a condition such as "> 10%", or { above: 10%, clear: 5% }').optional().describe('When it counts as a breach. With `clear`, a firing alert ends only at that value. Required, but for `source: health`, where it is `== 0`, for composites, and with `severities`.'),
  severities: z
    .strictObject({
      critical: triggerCondition.optional().describe('When it is critical.'),
      high: triggerCondition.optional().describe('When it is high.'),
      medium: triggerCondition.optional().describe('When it is medium.'),
      low: triggerCondition.optional().describe('When it is low.'),
    })
    .refine((conditions) => Object.keys(conditions).length > 0, 'must have at least one entry')
    .optional().describe('Instead of `condition` and `severity`: [several thresholds of one thing](docs/windows.md#several-severities).'),
  for: window.optional().describe('How long the breach must last, for what [share of a time](docs/windows.md#a-share-of-a-time), or how many samples in a row. Required, but for composites, which need not last.'),
  trend: z.literal('rising').optional().describe('"And [growing](docs/windows.md#a-rising-trend)" over the time of `for`.'),
  baseline: z
    .strictObject({
      offset: positiveDurationField.optional().describe('So long ago.'),
      before: z.literal('change').optional().describe('Before the newest deployment of the target.'),
      window: positiveDurationField.describe('Over so much of the past.'),
    })
    .refine(({ offset, before }) => (offset === undefined) !== (before === undefined), 'needs either offset or before: change')
    .optional().describe('The values are shares of [what they were before](docs/windows.md#a-baseline), and the condition is one: `> 150% of baseline`.'),
  minTraffic: z
    .strictObject({ expr: exprField.optional().describe('How much is going on.'), signal: signalSchema.optional().describe('The same as a signal.'), atLeast: z.number().gt(0).describe('With less than this, a value says nothing.') })
    .refine(({ expr, signal }) => (expr === undefined) !== (signal === undefined), 'needs either expr or signal')
    .optional().describe('With less going on than this, a value [says nothing](docs/windows.md#too-little-traffic). Asked of the same source.'),
  minSamples: z.int().min(1).optional().describe('So many breaching samples must have been seen besides. Not with `consecutive`.'),
  maxAlerts: z.int().min(1).max(1_000).default(100).meta({ title: '1 to 1000', description: 'A fuse: with more series than this, the answer is an error, and nothing fires by it.' }),
  keepFiringFor: positiveDurationField.optional().describe('A firing alert ends once it was seen to be clear for so long in one go, instead of at once. A verification waits for that before its `hold`; an alert that is only kept firing at its `timeout` is no proof that the rollback has not helped, and asks for a person (`inconclusive`).'),
  onNoData: onUnknown.describe('What no data does to the window. `hold` freezes it; and a firing alert is never cleared by it. `reset` begins anew. `breach` counts as one.'),
  onError: onUnknown.describe('The same for a source that gives no answer.'),
  severity: severityField.default('high').describe('Stands in messages.'),
  response: z.enum(['immediate', 'scheduled', 'monitor']).default('immediate').describe('`scheduled` starts after `delay`, unless the breach is over by then; `monitor` tells people only.'),
  delay: positiveDurationField.optional().describe('Required with `response: scheduled`, and only there: from the firing to the rollback.'),
  level: levelField.optional().describe('One level. Without `level`, `levels` and `plan`, [the matrix](docs/decisions-and-reasons.md#the-decision-matrix) decides; where there is none, all but `monitor` triggers need one of them.'),
  levels: z.tuple([levelField, levelField], 'must be two levels, the lowest and the highest, such as [1, 3]').optional().meta({ title: '[from, to]', description: 'A range of levels, both included. Levels without a plan are skipped; none at all is an error.' }),
  plan: nameField.optional().meta({ title: 'plan id', description: 'This plan and no other.' }),
  impact: impact.optional().describe('For the matrix: what share of the users it concerns. An expression or a signal is asked of the trigger\'s own source at the moment of the decision.'),
  timeToFix: positiveDurationField.optional().describe('For the matrix: how long mending it would take.'),
  issueType: nameField.optional().describe('For the matrix: what sort of issue it tells of.'),
  approval: nameField.optional().describe('An entry of `policy.approvals` that its rollbacks take, besides what their level does.'),
  mode: modeField.optional().describe('Stricter than the target\'s where it is to count.'),
  labels: labelsField.default({}).describe('Added to the alert\'s labels.'),
  annotations: labelsField.default({}).describe('`summary` stands in messages. `${value}` and `${labels.NAME}` are filled.'),
}).meta({ title: 'trigger' });

/** One file of `rules/`. */
export const rulesSchema = z.strictObject({ target: nameField.describe('A target of `belay.yaml`.'), triggers: z.array(triggerSchema).min(1).describe('What to watch, and when it counts.') });

export type WrittenTrigger = z.output<typeof triggerSchema>;
