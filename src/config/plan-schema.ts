import { z } from 'zod';
import { checkSchema } from '../executor/steps/check-schema.js';
import { checklists, type StepCondition, stepOutcomes, stepTypes } from '../rollback/rollback-plan.js';
import { levelField, nameField, positiveDurationField, writtenDurationField, writtenEstimate, writtenTimeout } from './fields.js';

const id = nameField.regex(/^[^\s/]*$/, 'must have no spaces and no slashes');

const oneOrMore = <S extends z.ZodType>(entry: S): z.ZodUnion<[S, z.ZodArray<S>]> => z.union([entry, z.array(entry).min(1)]);

/** When a step is run: everything written must hold, and a list is met by any of its entries. */
const conditionSchema: z.ZodType<StepCondition> = z.strictObject({
  trigger: z.enum(['manual', 'automatic']).optional().describe('Who started the rollback.'),
  environment: oneOrMore(z.string()).optional().describe('Where Belay runs.'),
  level: oneOrMore(levelField).optional().describe('The level of the plan that is run; not of a plan that it depends on.'),
  labels: z.record(z.string(), oneOrMore(z.string())).optional().describe('Labels of the incident\'s first alert.'),
  rollbackPoint: z.enum(['present', 'absent']).optional().describe('Whether a version of the target has been marked good.'),
  steps: z.record(z.string(), oneOrMore(z.enum(stepOutcomes))).optional().describe('How earlier steps of the same plan ended: `success`, `failed` (one with `continueOnError`) or `skipped`.'),
  get any(): z.ZodOptional<z.ZodArray<z.ZodType<StepCondition>>> {
    return z.array(conditionSchema).min(1).optional().describe('At least one of them holds.');
  },
  get not(): z.ZodOptional<z.ZodType<StepCondition>> {
    return conditionSchema.optional().describe('It does not hold.');
  },
}).meta({ title: 'step condition' });

/** `parameters` are looked at by type, because templates may stand in them. */
const stepSchemaWith = (types: readonly string[]) => z.strictObject({
  id: id.describe('Unique in the plan.'),
  name: nameField.describe('What people read.'),
  description: z.string().default('').describe('For people.'),
  type: z.enum(types).describe('What it does: a [step type](docs/reference/steps.md).'),
  parameters: z.record(z.string(), z.unknown()).default({}).describe('By [type](docs/reference/steps.md). References may stand in them.'),
  timeout: writtenTimeout.describe('Per attempt. What is not done by then is stopped and has failed.'),
  retryPolicy: z.strictObject({
    maxAttempts: z.int().min(1).describe('The first included. Without `retryPolicy` there is one.'),
    backoffMultiplier: z.number().gt(0).default(2).meta({ title: 'above 0', description: 'The first wait is a second, each further one this many times as long, a fifth more or less by chance.' }),
  }).optional().describe('How often a step is tried that fails.'),
  continueOnError: z.boolean().optional().describe('The plan goes on when this step has failed.'),
  idempotent: z.boolean().optional().describe('`false`: when nobody knows whether it took effect (a timeout, a crash), the step waits for a person instead of being run again.'),
  when: conditionSchema.optional().describe('The step is left out where this does not hold.'),
  group: nameField.optional().describe('Neighbouring steps of one group run side by side, eight at most at the same time. When one fails, what is under way ends, and nothing further is begun.'),
  checklist: z.enum(checklists).optional().describe('Which [checklist](docs/configuration.md#checklists) the step belongs to.'),
  estimatedDuration: writtenEstimate.optional().describe('How long the step takes as it is documented; [drills](docs/drills.md) hold it against that. Without it, its `timeout`.'),
}).meta({ title: 'step' });

/** Without `checks`, the target's health endpoint is what is checked. */
const verificationSchema = z.strictObject({
  checks: z.array(checkSchema).optional().describe('Without it: the target\'s health endpoint, where it has one.'),
  hold: positiveDurationField.prefault('2m').describe('It counts as recovered once every check was OK for so long without a break. Not longer than `timeout`.'),
  timeout: positiveDurationField.prefault('10m').describe('How long there is to be proved; it is judged then.'),
  interval: positiveDurationField.prefault('5s').describe('Between two rounds.'),
}).meta({ title: 'verification' });

/** One plan, in the shape of the user's documents with what Belay adds: target, level, budget and verification. `pluginTypes`: the step types of plugins. */
export const planSchemaWith = (pluginTypes: readonly string[]) => z.strictObject({
  id: id.describe('Unique; no spaces, no slashes.'),
  name: nameField.describe('What people read.'),
  description: z.string().default('').describe('For people.'),
  phase: z.string().default('').describe('For people.'),
  target: nameField.optional().describe('Without `target` and `level`, a plan is started by hand only.'),
  level: levelField.optional().describe('Where it stands on the target\'s ladder. Needs a `target`. Two plans of one target and level are an error, unless triggers name one with `plan`.'),
  approval: nameField.optional().describe('An entry of `policy.approvals` that its start takes, besides what its level does.'),
  dependencies: z.array(nameField).default([]).describe('Plans by their ids. Run first, each once. The highest level among them and the plan\'s own decides whether people must agree.'),
  estimatedDuration: writtenEstimate.default(0).describe('For people.'),
  budget: writtenDurationField.optional().describe('How long the steps may take before people are told. Without it, what the level allows: 1 minute, 5, 15, 30 minutes and an hour for the levels 1 to 5; a plan without a level has none. It stops nothing.'),
  steps: z.array(stepSchemaWith([...stepTypes, ...pluginTypes])).min(1).describe('Run in order. A step that fails ends the plan.'),
  onResolved: z.enum(['continue', 'stop-before-next-step']).default('continue').describe('What becomes of a rollback that was started by itself, once every alert of its incident is known to be clear while it runs. With `stop-before-next-step` no further step is begun, and a person is asked: the plan is half done.'),
  verification: verificationSchema.optional().describe('What proves that it helped.'),
}).meta({ title: 'plan' });

/** Without plugins. */
const planSchema = planSchemaWith([]);

/** One file of `plans/`. */
export const plansSchema = z.union([planSchema, z.array(planSchema), z.strictObject({ plans: z.array(planSchema).describe('The plans of this file.') })]);

export type PlanSchema = typeof planSchema;
export type WrittenPlan = z.output<PlanSchema>;
