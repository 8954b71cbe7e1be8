import { z } from 'zod';
import { messageKinds } from '../notify/message.js';
import { durationField, httpUrlField, labelsField, levelField, nameField, positiveDurationField, severityField } from './fields.js';

export const addressField = z.string().regex(/^[^\s@]+@[^\s@]+$|<[^\s@<>]+@[^\s@<>]+>$/, 'must be an email address');

const headers = labelsField.default({});
const oneOrMore = <S extends z.ZodType>(word: S) => z.union([z.array(word).min(1), word.transform((only) => [only])]);
const kindField = z.enum(messageKinds);

/** Criteria, and where to: words that `destinationOf` reads. */
export const routeSchema = z.strictObject({
  target: oneOrMore(nameField).optional(),
  severity: oneOrMore(severityField).optional(),
  level: oneOrMore(levelField).optional(),
  environment: oneOrMore(nameField).optional(),
  kind: oneOrMore(kindField).optional(),
  to: oneOrMore(nameField),
  continue: z.boolean().default(false),
});

/** Who must hear of what, whatever the routes say. */
export const requiredSchema = routeSchema.omit({ continue: true }).extend({ trigger: oneOrMore(nameField).optional() });

/** Whom an incident calls that waits for a person, and after how long. */
export const escalationSchema = z.array(z.strictObject({ after: durationField, to: oneOrMore(nameField), severity: oneOrMore(severityField).optional() }));

export const notifySchema = z.strictObject({
  slack: z
    .strictObject({
      token: z.string().min(1),
      channel: z.string().min(1),
      signingSecret: z.string().min(1).optional(),
      apiUrl: httpUrlField.default('https://slack.com/api/').transform((url) => (url.endsWith('/') ? url : `${url}/`)),
    })
    .optional(),
  email: z
    .strictObject({
      smtp: z.string().regex(/^smtps?:\/\/./, { error: 'must begin with smtp:// or smtps://', abort: true }).refine((text) => URL.canParse(text), 'is not a URL'),
      from: addressField,
      to: z.array(addressField).min(1),
    })
    .optional(),
  webhook: z.array(z.strictObject({ name: nameField.optional(), url: httpUrlField, headers })).default([]),
  routes: z.array(routeSchema).default([]),
  required: z.array(requiredSchema).default([]),
  templates: z.string().min(1).optional(),
  customers: z
    .strictObject({
      fromLevel: levelField.default(3),
      services: z.record(nameField, z.string().min(1)).default({}),
      email: z.array(addressField).min(1).optional(),
      statusPage: z.strictObject({ url: httpUrlField.default('https://api.statuspage.io/v1'), page: z.string().min(1), token: z.string().min(1) }).optional(),
      webhook: z.strictObject({ url: httpUrlField, headers }).optional(),
    })
    .optional(),
  escalation: escalationSchema.default([]),
  digest: z.union([z.literal('never'), z.strictObject({ over: z.int().min(2).max(1_000).default(5), within: positiveDurationField.prefault('1m') })], 'must be a map such as { over: 5, within: 1m }, or never').prefault({}),
  fallback: z.strictObject({ after: positiveDurationField.prefault('2m') }).prefault({}),
});

export type WrittenEscalation = z.output<typeof escalationSchema>;
export type WrittenRequired = z.output<typeof requiredSchema>;
export type WrittenRoute = z.output<typeof routeSchema>;
