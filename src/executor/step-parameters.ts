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
const targetState = z.union([z.boolean(), z.enum([...ON_WORDS, ...OFF_WORDS])], 'must be true or false').meta({ title: '`true`, `false`, `on`, `off`' }).transform((state) => state === true || ON_WORDS.includes(String(state)));

/** Everything that a deep value of a plan may hold. */
const items = z.record(name, z.json()).refine((entries) => Object.keys(entries).length > 0, 'is empty');

/** A filled template is text. */
const replicas = z.union([z.int().min(0).max(MOST_REPLICAS), z.string().regex(/^\d{1,5}$/).transform(Number)], `must be a whole number up to ${MOST_REPLICAS}`);

const oneOf = (keys: readonly string[]) => (parameters: Record<string, unknown>) => keys.filter((key) => parameters[key] !== undefined).length === 1;

/** The `parameters` of each step type. Templates over the context may stand in strings when a plan is loaded, and are filled when it runs. */
export const stepParameterSchemas = {
  'feature-flag': z.strictObject({
    flagKey: name.describe('The flag.'),
    targetState: targetState.describe('Whether it is on.'),
    scope: name.optional().describe('`global` (also without it) is all users, `segment` a part of them. For `http` and `command` providers any text.'),
    segment: name.optional().describe('With `scope: segment`: which one.'),
    provider: name.default('default').describe('The entry of `featureFlags`.'),
  }),
  deployment: z.strictObject({
    service: name.describe('The entry of `deployments`.'),
    version: name.describe('In quotes, where it looks like a number.'),
    environment: name.describe('Fills `${environment}` of the binding.'),
  }),
  configuration: z
    .strictObject({
      service: name.describe('The entry of `configurations`.'),
      configVersion: name.optional().describe('The version that is brought back. Either this or `configItems`.'),
      configItems: items.optional().describe('Single items that are set. Either these or `configVersion`.'),
    })
    .refine(oneOf(['configVersion', 'configItems']), 'needs either configVersion or configItems'),
  data: z
    .strictObject({
      database: name.describe('The entry of `databases`.'),
      snapshotId: name.optional().describe('The backup that is restored. Either this, `tables` or `migration`.'),
      tables: z.record(name, name).refine((tables) => Object.keys(tables).length > 0, 'is empty').optional().describe('Tables that are brought back, with the kept copy that each comes from.'),
      migration: name.optional().describe('The migration that is taken back.'),
    })
    .refine(oneOf(['snapshotId', 'tables', 'migration']), 'needs one of snapshotId, tables and migration'),
  traffic: z
    .strictObject({
      service: name.describe('The entry of `traffic`.'),
      maintenance: targetState.optional().describe('Whether endpoints are blocked. A step has one of `maintenance`, `replicas`, `worker` and `incident`.'),
      endpoints: endpointPaths.optional().describe('Which ones, with `maintenance`; without it all that the entry names.'),
      replicas: replicas.optional().describe('So many run.'),
      worker: z.enum(['stopped', 'running']).optional().describe('Whether a worker runs.'),
      incident: z.strictObject({
        name: name.describe('The title of the incident.'),
        status: incidentStatus.describe('How far it is.'),
        message: plainText.min(1).describe('What is said.'),
        components: z.record(name, name).optional().describe('Components of the page, with the state that they get.'),
      }).optional().describe('What people read at Statuspage.'),
    })
    .refine(oneOf(trafficWishes), `needs one of ${trafficWishes.join(', ')}`)
    .refine(({ maintenance, endpoints }) => endpoints === undefined || maintenance !== undefined, { path: ['endpoints'], message: 'needs maintenance beside it' }),
  notification: z.strictObject({
    recipients: z.array(name).min(1).describe('Mail addresses, and names of people or of their groups: by mail it goes to these addresses only, in Slack these people are mentioned. Other names are told as they are written; a mail without any address goes to `notify.email.to`.'),
    channel: z.enum(['email', 'slack', 'webhook']).describe('One that is not configured falls back to the first that is.'),
    message: plainText.min(1).describe('What is said.'),
    details: z.record(z.string(), z.json()).optional().describe('Told below the message, each on a line.'),
  }),
  /** `verify` only reads: exit 0 means as wanted, 1 not, anything else that it cannot be told. `undo` takes back what `command` did. */
  command: z.strictObject({
    command: argumentList.describe('Exit 0 is done.'),
    verify: argumentList.optional().describe('Exit 0: as wanted. 1: not. Anything else: cannot tell. Only reads.'),
    undo: argumentList.optional().describe('Takes back what `command` did, when the rollback is [undone](docs/configuration.md#undo). With `verify`, only while that still says that all is as wanted.'),
    ...commandSurroundings,
  }),
  http: httpCallSchema.extend({ undo: httpCallSchema.optional().describe('Takes back what the request did, when the rollback is [undone](docs/configuration.md#undo).') }),
  check: checkSchema,
  wait: z.strictObject({ duration: durationMs.describe('How long.') }),
  /** Who must agree: by the name of an entry of `policy.approvals`, or said here as there. */
  approval: z
    .strictObject({
      ...approvalShape,
      approval: name.optional().describe('An entry of `policy.approvals`: who must agree, and until when. Either this, or the other keys.'),
      message: plainText.min(1).optional().describe('What is asked; without it the name of the step.'),
    })
    .refine(...oneSortOfRule)
    .refine(({ approval, allOf, anyOf }) => approval === undefined || (allOf === undefined && anyOf === undefined), 'needs either approval, or who must agree'),
} as const satisfies Record<StepType, z.ZodType>;

/** The checked parameters of one step type. */
export type StepParameters<T extends StepType> = z.infer<(typeof stepParameterSchemas)[T]>;
