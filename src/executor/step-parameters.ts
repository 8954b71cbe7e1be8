import { z } from 'zod';
import type { StepType } from '../rollback/rollback-plan.js';
import { argumentList, commandSurroundings, plainText } from './calls/command-line.js';
import { approvalShape, oneSortOfRule } from './steps/approval-schema.js';
import { checkSchema, durationMs } from './steps/check-schema.js';
import { httpCallSchema } from './calls/http-call.js';
import { endpointPaths } from './traffic/endpoint-path.js';
import { incidentStatus } from './traffic/incident-status.js';
import { trafficWishes } from './traffic/traffic-wish.js';

const LONGEST_NAME = 4_096;
const MOST_REPLICAS = 10_000;

/** A name, version or reference. YAML reads a bare 1.10 as the number 1.1, so numbers are refused rather than guessed at. */
const name = z
  .string({ error: ({ input }) => (typeof input === 'number' ? 'write it in quotes, so that it stays as it is written' : undefined) })
  .min(1)
  .max(LONGEST_NAME)
  .refine((text) => !text.includes('\0'), 'must not hold a NUL character');

const ON_WORDS = ['true', 'on', 'enabled'];
const OFF_WORDS = ['false', 'off', 'disabled'];
/** `on` and `off` are text in YAML 1.2, and filled templates are text as well. */
const targetState = z.union([z.boolean(), z.enum([...ON_WORDS, ...OFF_WORDS])], 'must be true or false').transform((state) => state === true || ON_WORDS.includes(String(state)));

/** Everything that a deep value of a plan may hold. */
const items = z.record(name, z.json()).refine((entries) => Object.keys(entries).length > 0, 'is empty');

/** A filled template is text. */
const replicas = z.union([z.int().min(0).max(MOST_REPLICAS), z.string().regex(/^\d{1,5}$/).transform(Number)], `must be a whole number up to ${MOST_REPLICAS}`);

const oneOf = (keys: readonly string[]) => (parameters: Record<string, unknown>) => keys.filter((key) => parameters[key] !== undefined).length === 1;

/** The `parameters` of each step type. Templates over the context may stand in strings when a plan is loaded, and are filled when it runs. */
export const stepParameterSchemas = {
  'feature-flag': z.strictObject({
    flagKey: name,
    targetState,
    /** `global` or `segment`; `http` and `command` bindings hand on whatever it is. */
    scope: name.optional(),
    segment: name.optional(),
    /** Which entry of `featureFlags` keeps the flag. */
    provider: name.default('default'),
  }),
  deployment: z.strictObject({ service: name, version: name, environment: name }),
  configuration: z
    .strictObject({ service: name, configVersion: name.optional(), configItems: items.optional() })
    .refine(oneOf(['configVersion', 'configItems']), 'needs either configVersion or configItems'),
  data: z
    .strictObject({ database: name, snapshotId: name.optional(), tables: z.record(name, name).refine((tables) => Object.keys(tables).length > 0, 'is empty').optional(), migration: name.optional() })
    .refine(oneOf(['snapshotId', 'tables', 'migration']), 'needs one of snapshotId, tables and migration'),
  traffic: z
    .strictObject({
      service: name,
      maintenance: targetState.optional(),
      /** What `maintenance` is for; without it all that the binding has. */
      endpoints: endpointPaths.optional(),
      replicas: replicas.optional(),
      worker: z.enum(['stopped', 'running']).optional(),
      incident: z.strictObject({ name: name, status: incidentStatus, message: plainText.min(1), components: z.record(name, name).optional() }).optional(),
    })
    .refine(oneOf(trafficWishes), `needs one of ${trafficWishes.join(', ')}`)
    .refine(({ maintenance, endpoints }) => endpoints === undefined || maintenance !== undefined, { path: ['endpoints'], message: 'needs maintenance beside it' }),
  notification: z.strictObject({
    recipients: z.array(name).min(1),
    channel: z.enum(['email', 'slack', 'webhook']),
    message: plainText.min(1),
    details: z.record(z.string(), z.json()).optional(),
  }),
  /** `verify` only reads: exit 0 means as wanted, 1 not, anything else that it cannot be told. `undo` takes back what `command` did. */
  command: z.strictObject({ command: argumentList, verify: argumentList.optional(), undo: argumentList.optional(), ...commandSurroundings }),
  http: httpCallSchema.extend({ undo: httpCallSchema.optional() }),
  check: checkSchema,
  wait: z.strictObject({ duration: durationMs }),
  /** Who must agree: by the name of an entry of `policy.approvals`, or said here as there. */
  approval: z
    .strictObject({ ...approvalShape, approval: name.optional(), message: plainText.min(1).optional() })
    .refine(...oneSortOfRule)
    .refine(({ approval, allOf, anyOf }) => approval === undefined || (allOf === undefined && anyOf === undefined), 'needs either approval, or who must agree'),
} as const satisfies Record<StepType, z.ZodType>;

/** The checked parameters of one step type. */
export type StepParameters<T extends StepType> = z.infer<(typeof stepParameterSchemas)[T]>;
