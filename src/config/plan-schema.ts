import { z } from 'zod';
import { checkSchema } from '../executor/steps/check-schema.js';
import { checklists, type StepCondition, stepOutcomes, stepTypes } from '../rollback/rollback-plan.js';
import { levelField, nameField, positiveDurationField, writtenDurationField, writtenEstimate, writtenTimeout } from './fields.js';

const id = nameField.regex(/^[^\s/]*$/, 'must have no spaces and no slashes');

const oneOrMore = <S extends z.ZodType>(entry: S): z.ZodUnion<[S, z.ZodArray<S>]> => z.union([entry, z.array(entry).min(1)]);

/** When a step is run: everything written must hold, and a list is met by any of its entries. */
const conditionSchema: z.ZodType<StepCondition> = z.strictObject({
  trigger: z.enum(['manual', 'automatic']).optional(),
  environment: oneOrMore(z.string()).optional(),
  level: oneOrMore(levelField).optional(),
  labels: z.record(z.string(), oneOrMore(z.string())).optional(),
  rollbackPoint: z.enum(['present', 'absent']).optional(),
  steps: z.record(z.string(), oneOrMore(z.enum(stepOutcomes))).optional(),
  get any(): z.ZodOptional<z.ZodArray<z.ZodType<StepCondition>>> {
    return z.array(conditionSchema).min(1).optional();
  },
  get not(): z.ZodOptional<z.ZodType<StepCondition>> {
    return conditionSchema.optional();
  },
});

/** `parameters` are looked at by type, because templates may stand in them. */
const stepSchemaWith = (types: readonly string[]) => z.strictObject({
  id,
  name: nameField,
  description: z.string().default(''),
  type: z.enum(types),
  parameters: z.record(z.string(), z.unknown()).default({}),
  timeout: writtenTimeout,
  retryPolicy: z.strictObject({ maxAttempts: z.int().min(1), backoffMultiplier: z.number().gt(0).default(2) }).optional(),
  continueOnError: z.boolean().optional(),
  idempotent: z.boolean().optional(),
  when: conditionSchema.optional(),
  group: nameField.optional(),
  checklist: z.enum(checklists).optional(),
  estimatedDuration: writtenEstimate.optional(),
});

/** Without `checks`, the target's health endpoint is what is checked. */
const verificationSchema = z.strictObject({
  checks: z.array(checkSchema).optional(),
  hold: positiveDurationField.prefault('2m'),
  timeout: positiveDurationField.prefault('10m'),
  interval: positiveDurationField.prefault('5s'),
});

/** One plan, in the shape of the user's documents with what Belay adds: target, level, budget and verification. `pluginTypes`: the step types of plugins. */
export const planSchemaWith = (pluginTypes: readonly string[]) => z.strictObject({
  id,
  name: nameField,
  description: z.string().default(''),
  phase: z.string().default(''),
  target: nameField.optional(),
  level: levelField.optional(),
  approval: nameField.optional(),
  dependencies: z.array(nameField).default([]),
  estimatedDuration: writtenEstimate.default(0),
  budget: writtenDurationField.optional(),
  steps: z.array(stepSchemaWith([...stepTypes, ...pluginTypes])).min(1),
  onResolved: z.enum(['continue', 'stop-before-next-step']).default('continue'),
  verification: verificationSchema.optional(),
});

/** Without plugins. */
const planSchema = planSchemaWith([]);

/** One file of `plans/`. */
export const plansSchema = z.union([planSchema, z.array(planSchema), z.strictObject({ plans: z.array(planSchema) })]);

export type PlanSchema = typeof planSchema;
export type WrittenPlan = z.output<PlanSchema>;
