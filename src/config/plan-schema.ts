import { z } from 'zod';
import { checkSchema } from '../executor/steps/check-schema.js';
import { stepTypes } from '../rollback/rollback-plan.js';
import { levelField, nameField, positiveDurationField, writtenEstimate, writtenTimeout } from './fields.js';

const id = nameField.regex(/^[^\s/]*$/, 'must have no spaces and no slashes');

/** `parameters` are looked at by type, because templates may stand in them. */
const stepSchema = z.strictObject({
  id,
  name: nameField,
  description: z.string().default(''),
  type: z.enum(stepTypes),
  parameters: z.record(z.string(), z.unknown()).default({}),
  timeout: writtenTimeout,
  retryPolicy: z.strictObject({ maxAttempts: z.int().min(1), backoffMultiplier: z.number().gt(0).default(2) }).optional(),
  continueOnError: z.boolean().optional(),
  idempotent: z.boolean().optional(),
});

/** Without `checks`, the target's health endpoint is what is checked. */
const verificationSchema = z.strictObject({
  checks: z.array(checkSchema).optional(),
  hold: positiveDurationField.prefault('2m'),
  timeout: positiveDurationField.prefault('10m'),
  interval: positiveDurationField.prefault('5s'),
});

/** One plan, in the shape of the user's documents with what Belay adds: target, level and verification. */
export const planSchema = z.strictObject({
  id,
  name: nameField,
  description: z.string().default(''),
  phase: z.string().default(''),
  target: nameField.optional(),
  level: levelField.optional(),
  approval: nameField.optional(),
  dependencies: z.array(nameField).default([]),
  estimatedDuration: writtenEstimate.default(0),
  steps: z.array(stepSchema).min(1),
  onResolved: z.enum(['continue', 'stop-before-next-step']).default('continue'),
  verification: verificationSchema.optional(),
});

/** One file of `plans/`. */
export const plansSchema = z.union([planSchema, z.array(planSchema), z.strictObject({ plans: z.array(planSchema) })]);

export type WrittenPlan = z.output<typeof planSchema>;
