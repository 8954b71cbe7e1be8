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
  name: nameField,
  role: z.enum(['viewer', 'operator', 'approver', 'admin', 'webhook']),
  // It comes in a header, where spaces and control characters cannot stand.
  token: z.string().min(8, 'must have at least 8 characters').regex(/^[\x21-\x7e]*$/, 'must be printable ASCII without spaces'),
});

export const httpSchema = z.strictObject({
  listen: listen.prefault(DEFAULT_LISTEN),
  auth: z.strictObject({ tokens: z.array(token).default([]) }).prefault({}),
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1), clientCa: z.string().min(1).optional() }).optional(),
});

const headers = labelsField.default({});
const timeout = positiveDurationField.prefault('10s');

export const sourceSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('prometheus'), url: httpUrlField, interval: positiveDurationField.prefault('15s'), timeout, headers }),
  z.strictObject({ type: z.literal('alertmanager'), url: httpUrlField, interval: positiveDurationField.prefault('15s'), timeout, headers, settle: durationField.prefault('2m') }),
  z.strictObject({ type: z.literal('scrape'), url: httpUrlField, interval: positiveDurationField.prefault('5s'), timeout, headers }),
]);

export const targetSchema = z.strictObject({
  owners: z.array(nameField).default([]),
  priority: severityField.default('medium'),
  rto: positiveDurationField.optional(),
  rpo: positiveDurationField.optional(),
  mode: modeField.optional(),
  /** Instead of `notify.escalation`. */
  escalation: escalationSchema.optional(),
  version: z.strictObject({ source: nameField, expr: z.string().min(1).max(20_000), label: z.string().regex(/^[A-Za-z_]\w*$/, { error: ({ input }) => `"${String(input)}" is not the name of a label` }) }).optional(),
  silence: z.strictObject({ source: nameField.optional(), match: alertMatch, for: positiveDurationField.prefault('1h') }).optional(),
  health: z
    .strictObject({
      url: httpUrlField,
      interval: positiveDurationField.prefault('5s'),
      timeout: positiveDurationField.prefault('2s'),
      expect: httpExpectation.prefault({}),
      headers,
    })
    .optional(),
});

const count = z.int().min(1);

/** Somebody who may be told and asked. */
export const personSchema = z.strictObject({
  email: addressField.optional(),
  slack: z.string().regex(/^[A-Za-z0-9]+$/, 'must be the id of a user in Slack, such as U012AB3CD').optional(),
  groups: z.array(nameField).default([]),
  role: z.enum(['viewer', 'operator', 'approver', 'admin']).optional(),
});

/** An entry of `policy.approvals`. */
export const approvalSchema = z.union([z.literal('none'), z.strictObject(approvalShape).refine(...oneSortOfRule).transform(approvalPolicyOf)], 'must be a map such as { allOf: [oncall, dba], timeout: 10m }, or none');

const freeze = z.strictObject({
  cron: cronField,
  timezone: timezoneField,
  for: positiveDurationField,
  reason: z.string().min(1).default('freeze'),
});

export const policySchema = z.strictObject({
  cooldown: durationField.prefault('30m'),
  maxRollbacks: z.strictObject({ count: count.default(2), per: positiveDurationField.prefault('1h') }).prefault({}),
  fleet: z.strictObject({ maxTargets: count.default(2), per: positiveDurationField.prefault('10m'), maxConcurrent: count.default(1) }).prefault({}),
  maxAutoLevel: levelField.default(3),
  matrix: matrixSchema.default([]),
  requireChange: z.strictObject({ within: positiveDurationField }).optional(),
  goodAfter: z.union([z.literal('never'), positiveDurationField], 'must be a duration such as 1h, or never').prefault('1h'),
  flap: z.strictObject({ count: count.max(100).default(5), per: positiveDurationField.prefault('1h') }).prefault({}),
  freeze: z.array(freeze).default([]),
  approvals: z.record(nameField, approvalSchema).default({}),
});

const reportsSchema = z.strictObject({
  /** Where the report of an incident is written when it ends; nowhere without it. */
  directory: z.string().min(1).optional(),
  impact: z.array(z.strictObject({ name: nameField, target: nameField.optional(), source: nameField, expr: z.string().min(1).max(20_000) })).default([]),
});

const DAY_MS = 86_400_000;

/** How long things are kept that nobody needs any more for a decision. */
export const retentionSchema = z.strictObject({
  incidents: positiveDurationField.refine((ms) => ms >= DAY_MS, 'must be 1d or longer').prefault('400d'),
  samples: positiveDurationField.refine((ms) => ms >= DAY_MS, 'must be 1d or longer').prefault('30d'),
});

const SQLITE = 'sqlite:';

const store = z
  .string()
  .refine((text) => !/^postgres(?:ql)?:/.test(text), `is a PostgreSQL address, which is not part of this version${HINT}write sqlite:PATH`)
  .refine((text) => /^(?:postgres(?:ql)?:|sqlite:.)/.test(text), 'must be sqlite:PATH, such as sqlite:./belay.db')
  .refine((text) => !/^sqlite:(?::memory:|\?|file:)/.test(text), 'must name a file, because what is only in memory is lost with a restart')
  .transform((text) => text.slice(SQLITE.length).replace(/^\/\/(?=\/)/, ''));

const sharedFateSchema = z.union([z.literal('never'), z.strictObject({ moreThan: shareField.prefault('50%'), ofAtLeast: z.int().min(2).default(usualFate.ofAtLeast) })], 'must be { moreThan: 50%, ofAtLeast: 3 } or never');

/** Modules beside belay.yaml; relative to it. */
export const pluginPath = z
  .string()
  .refine((path) => /\.m?js$/.test(path) && !path.includes('\0'), 'must be the path of a JavaScript module (.js or .mjs), such as ./my-executor.js')
  .refine((path) => !isAbsolute(path) && !normalize(path).startsWith('..'), 'must be a path below the folder of this file, such as ./my-executor.js');

/** Everything that belay.yaml may say, with the bindings of some plugins. */
export const belaySchemaWith = (bindings: BindingsSchema) => z.strictObject({
  environment: nameField.default('production'),
  mode: modeField.default('enforce'),
  store: store.prefault(DEFAULT_STORE),
  http: httpSchema.prefault({}),
  sources: z.record(nameField, sourceSchema).default({}),
  targets: z.record(nameField, targetSchema).default({}),
  ...bindings.shape,
  people: z.record(nameField, personSchema).default({}),
  notify: notifySchema.prefault({}),
  policy: policySchema.prefault({}),
  reports: reportsSchema.prefault({}),
  drills: z.array(drillSchema).default([]),
  heartbeat: z.strictObject({ url: httpUrlField, every: positiveDurationField.prefault('1m'), timeout, headers }).optional(),
  retention: retentionSchema.prefault({}),
  sharedFate: sharedFateSchema.prefault({}),
  plugins: z.array(pluginPath).default([]),
});

/** Without plugins. */
export const belaySchema = belaySchemaWith(bindingsSchema);

export type BelayFile = z.output<typeof belaySchema>;
export type WrittenSource = z.output<typeof sourceSchema>;
export type WrittenPerson = z.output<typeof personSchema>;
export type WrittenTarget = z.output<typeof targetSchema>;
