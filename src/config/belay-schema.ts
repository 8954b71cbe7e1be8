import { isAbsolute, normalize } from 'node:path';
import { z } from 'zod';
import { bindingsSchema, type BindingsSchema } from '../executor/bindings.js';
import { approvalPolicyOf, approvalShape, oneSortOfRule } from '../executor/steps/approval-schema.js';
import { alertMatch, httpExpectation } from '../executor/steps/check-schema.js';
import { usualFate } from '../source/shared-fate.js';
import { cronField, timezoneField } from './cron-field.js';
import { drillSchema } from './drill-schema.js';
import { durationField, httpUrlField, labelsField, levelField, modeField, nameField, positiveDurationField, severityField, shareField } from './fields.js';
import { DEFAULT_LISTEN, DEFAULT_STORE } from './find-daemon.js';
import { parseListen } from './listen-address.js';
import { matrixSchema } from './matrix-schema.js';
import { addressField, escalationSchema, notifySchema } from './notify-schema.js';
import { HINT } from './schema-wording.js';

const listen = z.string().transform((text, context) => {
  const address = parseListen(text);
  if (address !== undefined) return address;
  context.addIssue({ code: 'custom', message: `"${text}" is not an address: write host:port, such as 127.0.0.1:9797 or [::1]:9797` });
  return z.NEVER;
});

const token = z.strictObject({
  name: nameField.describe('Actions are booked under it. Unique.'),
  role: z.enum(['viewer', 'operator', 'approver', 'admin', 'webhook']).describe('[What each may do](docs/http.md#who-may-do-what).'),
  // It comes in a header, where spaces and control characters cannot stand.
  token: z.string().min(8, 'must have at least 8 characters').regex(/^[\x21-\x7e]*$/, 'must be printable ASCII without spaces').describe('At least 8 printable characters without spaces. Unique.'),
}).meta({ title: 'token' });

export const httpSchema = z.strictObject({
  listen: listen.prefault(DEFAULT_LISTEN).meta({ title: 'host:port', description: '`[::1]:9797` for IPv6; `:9797` is every IPv4 address. An address that other machines reach needs tokens.' }),
  auth: z.strictObject({ tokens: z.array(token).default([]).describe('One for each person or program.') }).prefault({}).describe('Who may use it.'),
  tls: z.strictObject({
    cert: z.string().min(1).meta({ title: 'path', description: 'The certificate, as a PEM file.' }),
    key: z.string().min(1).meta({ title: 'path', description: 'Its key, as a PEM file.' }),
    clientCa: z.string().min(1).optional().meta({ title: 'path', description: 'Who signs the certificates of clients, as a PEM file.' }),
  }).optional().describe('With it the interface speaks TLS only. A client whose certificate `clientCa` has signed [may deliver alerts](docs/alertmanager.md#who-may-deliver) without a token.'),
}).meta({ title: 'http' });

const headers = labelsField.default({}).describe('Sent with every request, for tokens.');
const timeout = positiveDurationField.prefault('10s').describe('The deadline of one question, connecting included.');
const askedEvery = (usual: string) => positiveDurationField.prefault(usual).describe('How often triggers ask. Time counts toward a window as long as two samples are at most 1.5 intervals apart.');

export const sourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('prometheus').describe('A Prometheus, or what speaks its query API.'),
    url: httpUrlField.describe('Without `/api/v1`.'),
    interval: askedEvery('15s'),
    timeout,
    headers,
  }),
  z.strictObject({
    type: z.literal('alertmanager').describe('An Alertmanager, asked [which alerts fire](docs/alertmanager.md#asking-an-alertmanager).'),
    url: httpUrlField.describe('Without `/api/v2`.'),
    interval: askedEvery('15s'),
    timeout,
    headers,
    settle: durationField.prefault('2m').describe('For so long after its start it is not believed that an alert does not fire, because it has not heard of all of them yet.'),
  }),
  z.strictObject({
    type: z.literal('scrape').describe('An application\'s `/metrics`, read by Belay itself (text format or OpenMetrics). It answers `signal`, not `expr`, and remembers at most 10,000 series of the metrics that are asked for.'),
    url: httpUrlField.describe('The endpoint itself.'),
    interval: askedEvery('5s'),
    timeout,
    headers,
  }),
]).meta({ title: 'source' });

export const targetSchema = z.strictObject({
  owners: z.array(nameField).default([]).describe('Shown in the status.'),
  priority: severityField.default('medium').describe('For people; nothing goes by it yet.'),
  rto: positiveDurationField.optional().describe('The recovery time objective: reports hold the downtime against it, and a backup drill its duration. Nothing is decided by it.'),
  rpo: positiveDurationField.optional().describe('So old may a [backup](docs/configuration.md#backups) be from which its data is restored.'),
  mode: modeField.optional().describe('Stricter than the daemon\'s where it is to count.'),
  escalation: escalationSchema.optional().describe('Instead of `notify.escalation`; `[]` calls nobody.'),
  version: z.strictObject({
    source: nameField.describe('A source of type `prometheus`.'),
    expr: z.string().min(1).max(20_000).meta({ title: 'PromQL', description: 'What it is asked.' }),
    label: z.string().regex(/^[A-Za-z_]\w*$/, { error: ({ input }) => `"${String(input)}" is not the name of a label` }).describe('The label whose values are versions.'),
  }).optional().describe('Where a metric tells [which version runs](docs/changes.md#read-from-a-metric).'),
  silence: z.strictObject({
    source: nameField.optional().describe('A source of type `alertmanager`. May be left out where there is one only.'),
    match: alertMatch.describe('Which alerts, by their labels.'),
    for: positiveDurationField.prefault('1h').describe('How long it lasts at most.'),
  }).optional().describe('A [silence in Alertmanager](docs/alertmanager.md#less-noise-during-a-rollback) while the target is rolled back.'),
  health: z
    .strictObject({
      url: httpUrlField.describe('Asked with GET. Redirects are not followed.'),
      interval: positiveDurationField.prefault('5s').describe('How often.'),
      timeout: positiveDurationField.prefault('2s').describe('No answer by then is unhealthy.'),
      expect: httpExpectation.prefault({}).describe('What a healthy answer is like.'),
      headers,
    })
    .optional().describe('Its health endpoint, asked all the time.'),
}).meta({ title: 'target' });

const count = z.int().min(1);

/** Somebody who may be told and asked. */
export const personSchema = z.strictObject({
  email: addressField.optional().describe('Told there of what concerns a group of theirs.'),
  slack: z.string().regex(/^[A-Za-z0-9]+$/, 'must be the id of a user in Slack, such as U012AB3CD').optional().meta({ title: 'user id', description: 'Who answers in Slack is known by it. Unique.' }),
  groups: z.array(nameField).default([]).describe('What approvals ask for.'),
  role: z.enum(['viewer', 'operator', 'approver', 'admin']).optional().describe('Below `approver` they are told and cannot answer. Without it: the role of the token with this name, otherwise `approver`.'),
}).meta({ title: 'person' });

/** An entry of `policy.approvals`. */
export const approvalSchema = z.union([z.literal('none'), z.strictObject(approvalShape).refine(...oneSortOfRule).transform(approvalPolicyOf)], 'must be a map such as { allOf: [oncall, dba], timeout: 10m }, or none').meta({ title: 'approval' });

const freeze = z.strictObject({
  cron: cronField.describe('Minute, hour, day of the month, month, day of the week. A day must fit both of its fields.'),
  timezone: timezoneField.describe('Whose times of day `cron` means: `Europe/Berlin`.'),
  for: positiveDurationField.describe('How long it lasts.'),
  reason: z.string().min(1).default('freeze').describe('Stands in messages.'),
}).meta({ title: 'freeze' });

export const policySchema = z.strictObject({
  cooldown: durationField.prefault('30m').describe('Between automatic incidents of one target. Rungs of one incident do not count.'),
  maxRollbacks: z.strictObject({ count: count.default(2).describe('So many incidents of one target are rolled back by themselves within `per`. After that it takes a person and `belay reset`.'), per: positiveDurationField.prefault('1h').describe('Within how long they are counted.') }).prefault({}).describe('The budget of each target.'),
  fleet: z.strictObject({ maxTargets: count.default(2).describe('When so many other targets were rolled back within `per`, something larger is wrong: a person is asked.'), per: positiveDurationField.prefault('10m').describe('Within how long they are counted.'), maxConcurrent: count.default(1).describe('Rollbacks under way at the same time.') }).prefault({}).describe('Limits over all targets.'),
  maxAutoLevel: levelField.default(3).describe('Plans above it do not run by themselves: people are asked.'),
  matrix: matrixSchema.default([]).describe('What is done for triggers without `level`, `levels` and `plan`.'),
  requireChange: z.strictObject({ within: positiveDurationField.describe('A breach that no deployment within this time goes before is told to a person instead of being acted upon ([changes](docs/changes.md)).') }).optional().describe('Only what a deployment goes before is acted upon.'),
  goodAfter: z.union([z.literal('never'), positiveDurationField], 'must be a duration such as 1h, or never').prefault('1h').meta({ title: 'duration, `never`', description: 'A version that runs and was seen to be healthy for so long [is known to be good](docs/changes.md#what-proves-good-by-itself). With `never`, only people and pipelines say so.' }),
  flap: z.strictObject({ count: count.max(100).default(5).meta({ title: '1 to 100', description: 'When an alert of a target fired and cleared so often within `per` without any help, a person is asked.' }), per: positiveDurationField.prefault('1h').describe('Within how long they are counted.') }).prefault({}).describe('When an alert that comes and goes by itself is told to a person.'),
  freeze: z.array(freeze).default([]).describe('Stretches of time in which automatic rollbacks need [approval](docs/approvals.md).'),
  approvals: z.record(nameField, approvalSchema).default({}).describe('Who must agree: `level1` to `level5` for plans of that level, any other name for what a trigger or a plan refers to with `approval`. Without an entry, levels 4 and 5 take one approver; `none` under a level takes that away.'),
}).meta({ title: 'policy' });

const reportsSchema = z.strictObject({
  directory: z.string().min(1).optional().meta({ title: 'path', description: 'Where the [report](docs/reports.md) of an incident is written when it ends. Without it, reports are made only when they are asked for.' }),
  impact: z.array(z.strictObject({ name: nameField.describe('What is measured, as it stands in the report: `bad requests`.'), target: nameField.optional().describe('Whose incidents it is about; without it, those of every target.'), source: nameField.describe('The source that is asked; a Prometheus.'), expr: z.string().min(1).max(20_000).meta({ title: 'PromQL', description: 'One number, asked about the instant at which the trouble was over. `${downtime}` in it is how long that took: `sum(increase(http_requests_total{status=~"5.."}[${downtime}]))`.' }) })).default([]).describe('What damage is measured.'),
}).meta({ title: 'reports' });

const DAY_MS = 86_400_000;

/** How long things are kept that nobody needs any more for a decision. */
export const retentionSchema = z.strictObject({
  incidents: positiveDurationField.refine((ms) => ms >= DAY_MS, 'must be 1d or longer').prefault('400d').meta({ title: 'duration, 1d or longer', description: 'How long incidents are kept after their end, with what the journal says of that time. Where the policy looks back further, that counts.' }),
  samples: positiveDurationField.refine((ms) => ms >= DAY_MS, 'must be 1d or longer').prefault('30d').meta({ title: 'duration, 1d or longer', description: 'How long messages of Alertmanagers, and messages that went out, are kept; what customers were told is kept as long as its incident.' }),
}).meta({ title: 'retention' });

const heartbeatSchema = z.strictObject({
  url: httpUrlField.describe('Asked with GET while the daemon can see and act; any 2xx will do. While a source is blind or the store takes nothing, nothing is sent.'),
  every: positiveDurationField.prefault('1m').describe('How often.'),
  timeout,
  headers,
}).meta({ title: 'heartbeat' });

const SQLITE = 'sqlite:';

const store = z
  .string()
  .refine((text) => !/^postgres(?:ql)?:/.test(text), `is a PostgreSQL address, which is not part of this version${HINT}write sqlite:PATH`)
  .refine((text) => /^(?:postgres(?:ql)?:|sqlite:.)/.test(text), 'must be sqlite:PATH, such as sqlite:./belay.db')
  .refine((text) => !/^sqlite:(?::memory:|\?|file:)/.test(text), 'must name a file, because what is only in memory is lost with a restart')
  .transform((text) => text.slice(SQLITE.length).replace(/^\/\/(?=\/)/, ''));

const sharedFateSchema = z.union([
  z.literal('never'),
  z.strictObject({
    moreThan: shareField.prefault('50%').describe('More than this part of all targets with a health endpoint.'),
    ofAtLeast: z.int().min(2).default(usualFate.ofAtLeast).describe('With fewer targets than these, each is believed.'),
  }),
], 'must be { moreThan: 50%, ofAtLeast: 3 } or never').meta({ title: 'shared fate' });

/** Modules beside belay.yaml; relative to it. */
export const pluginPath = z
  .string()
  .refine((path) => /\.m?js$/.test(path) && !path.includes('\0'), 'must be the path of a JavaScript module (.js or .mjs), such as ./my-executor.js')
  .refine((path) => !isAbsolute(path) && !normalize(path).startsWith('..'), 'must be a path below the folder of this file, such as ./my-executor.js')
  .meta({ title: 'path' });

/** Everything that belay.yaml may say, with the bindings of some plugins. */
export const belaySchemaWith = (bindings: BindingsSchema) => z.strictObject({
  environment: nameField.default('production').describe('Stands in messages, and in plans as `${context.environment}`.'),
  mode: modeField.default('enforce').describe('`enforce` acts. `dry-run` takes every decision and reads every real state, and blocks the effects. `observe` tells people what fires and plans nothing. Of daemon, target and trigger the strictest wins.'),
  store: store.prefault(DEFAULT_STORE).meta({ title: '`sqlite:PATH`', description: 'Where the journal is kept. The folder must exist. One daemon per file.' }),
  http: httpSchema.prefault({}).describe('The interface of the daemon: HTTP, the status page, metrics.'),
  sources: z.record(nameField, sourceSchema).default({}).describe('Whom triggers and checks ask. `health` is taken: it means the targets\' own endpoints.'),
  targets: z.record(nameField, targetSchema).default({}).describe('The services under guard.'),
  ...bindings.shape,
  people: z.record(nameField, personSchema).default({}).describe('Who may be asked and told.'),
  notify: notifySchema.prefault({}).describe('Who is told, and how.'),
  policy: policySchema.prefault({}).describe('The limits of what Belay does by itself.'),
  reports: reportsSchema.prefault({}).describe('Where reports are written, and what damage they measure.'),
  drills: z.array(drillSchema).default([]).describe('What is practised, and when.'),
  heartbeat: heartbeatSchema.optional().describe('Who is to notice when Belay is gone.'),
  retention: retentionSchema.prefault({}).describe('How long things are kept.'),
  sharedFate: sharedFateSchema.prefault({}).describe('When health endpoints that fail together mean that Belay itself cannot see.'),
  plugins: z.array(pluginPath).default([]).describe('[Plugins](docs/plugins.md): step types and providers of your own. Below the folder of this file.'),
});

/** Without plugins. */
export const belaySchema = belaySchemaWith(bindingsSchema);

export type BelayFile = z.output<typeof belaySchema>;
export type WrittenSource = z.output<typeof sourceSchema>;
export type WrittenPerson = z.output<typeof personSchema>;
export type WrittenTarget = z.output<typeof targetSchema>;
