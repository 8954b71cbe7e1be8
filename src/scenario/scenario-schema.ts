import { z } from 'zod';
import { HINT } from '../config/schema-wording.js';
import { durationField, levelField, modeField, nameField, positiveDurationField } from '../config/fields.js';
import { decisionReasons, type DecisionKind } from '../decision/decision.js';
import type { IncidentStatus } from '../incident/incident.js';
import { needsHumanReasons } from '../incident/incident-event.js';
import { messageKinds } from '../notify/message.js';
import type { RollbackOutcome } from '../rollback/rollback-event.js';
import type { AlertState } from '../trigger/alert.js';
import type { VerificationOutcome } from '../verification/verification.js';
import { parseErrors } from './error-notation.js';
import { checkWords, healthWords } from './scenario.js';
import { parseSeries, type NotationProblem } from './series-notation.js';
import { parseWords } from './word-notation.js';

/** Notations may be written as one text, as one number, or as a list of either. */
const written = z
  .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)], 'must be a series such as "0+1x10", a number, or a list of values')
  .transform((value) => (Array.isArray(value) ? value.join(' ') : String(value)));

function notation<T>(parse: (text: string) => readonly T[] | NotationProblem) {
  return written.transform((text, context): readonly T[] => {
    const read = parse(text);
    if (!('problem' in read)) return read;
    context.addIssue({ code: 'custom', message: wordsOf(read) });
    return z.NEVER;
  });
}

function wordsOf({ problem, hint }: NotationProblem): string {
  return hint === undefined ? problem : `${problem}${HINT}${hint}`;
}

const points = notation(parseSeries);
/** One series without labels, or several by their label sets: `{ '{pod="a"}': "1x5" }`. */
const results = z.union([points, z.record(z.string(), points)], 'must be a series such as "0+1x10", or a map of label sets to series');

const errors = written.transform((text, context) => {
  const read = parseErrors(text);
  if (!('problem' in read)) return read;
  context.addIssue({ code: 'custom', message: wordsOf(read) });
  return z.NEVER;
});

const step = z.union(
  [
    z.enum(['succeeds', 'fails', 'hangs']),
    z.strictObject({
      takes: durationField.optional(),
      fails: z.union([z.literal(true), z.int().min(1)], 'must be true, or how many attempts fail').optional(),
      hangs: z.literal(true).optional(),
      sets: z.record(z.string(), written).optional(),
    }),
  ],
  'must be succeeds, fails, hangs, or a map such as { takes: 30s, sets: { … } }',
);

const everyone = nameField;
const action = z.strictObject({
  at: durationField,
  pause: everyone.optional(),
  resume: everyone.optional(),
  reset: everyone.optional(),
  mark: z.enum(['deploy', 'good']).optional(),
  rollback: nameField.optional(),
  close: nameField.optional(),
  approve: nameField.optional(),
  reject: nameField.optional(),
  by: nameField.optional(),
  target: nameField.optional(),
  version: nameField.optional(),
  configVersion: nameField.optional(),
  snapshotId: nameField.optional(),
  migration: nameField.optional(),
  flags: z.record(nameField, z.boolean()).optional(),
  reason: z.string().optional(),
  for: positiveDurationField.optional(),
});

const labels = z.record(z.string().min(1), z.string()).refine((map) => Object.keys(map).length > 0, 'must name at least one label');
const message = z.strictObject({
  at: durationField,
  firing: labels.optional(),
  resolved: labels.optional(),
  since: durationField.optional(),
  expr: z.string().min(1).optional(),
  source: nameField.optional(),
  times: z.int().min(1).max(1_000).default(1),
  every: positiveDurationField.optional(),
});

const restartText = z.string().transform((text, context) => {
  const [, at, down] = /^\s*at\s+(\S+)(?:\s+for\s+(\S+))?\s*$/.exec(text) ?? [];
  const times = [at, down ?? '0s'].map((time) => durationField.safeParse(time).data);
  const [atMs, downForMs] = times;
  if (atMs !== undefined && downForMs !== undefined) return { atMs, downForMs };
  context.addIssue({ code: 'custom', message: `"${text}" is no restart: write "at 3m", or "at 3m for 1m" when Belay is down for a minute` });
  return z.NEVER;
});

const oneOf = <const T extends readonly [string, ...string[]]>(...words: T) => z.enum(words);
const decisionKinds = ['execute', 'schedule', 'await-approval', 'notify-only', 'suppress'] as const satisfies readonly DecisionKind[];
const outcomes = ['success', 'failed', 'parked', 'cancelled', 'would-have'] as const satisfies readonly RollbackOutcome[];
const verifications = ['recovered', 'not-recovered', 'inconclusive', 'error', 'skipped'] as const satisfies readonly VerificationOutcome[];
const statuses = ['none', 'open', 'awaiting-approval', 'rolling-back', 'verifying', 'needs-human', 'recovered', 'closed'] as const satisfies readonly (IncidentStatus | 'none')[];
const alertStates = ['inactive', 'pending', 'firing'] as const satisfies readonly AlertState[];
const subjects = {
  alert: nameField.optional(),
  labels: z.record(z.string(), z.string()).optional(),
  state: oneOf(...alertStates).optional(),
  value: z.union([z.string(), z.number()]).optional(),
  decision: z.strictObject({ kind: oneOf(...decisionKinds).optional(), reason: z.enum(decisionReasons).optional(), level: levelField.optional(), plan: nameField.optional(), mode: modeField.optional() }).optional(),
  rollback: z.strictObject({ level: levelField.optional(), plan: nameField.optional(), outcome: oneOf(...outcomes).optional(), mode: modeField.optional() }).optional(),
  incident: oneOf(...statuses).optional(),
  verification: oneOf(...verifications).optional(),
  needsHuman: z.enum(needsHumanReasons).optional(),
  message: z.enum(messageKinds).optional(),
};
const subjectSchema = z.strictObject(subjects);

const expectation = z.strictObject({
  at: durationField.optional(),
  by: durationField.optional(),
  target: nameField.optional(),
  times: z.int().min(1).optional(),
  not: subjectSchema.optional(),
  ...subjects,
});

const start = z.string().refine((text) => /^\d{4}-\d\d-\d\dT/.test(text) && Number.isFinite(Date.parse(text)), 'must be an instant such as 2026-01-01T00:00:00Z').transform((text) => Date.parse(text));

const scenarioSchema = z.strictObject({
  name: nameField,
  start: start.optional(),
  interval: positiveDurationField.optional(),
  lasts: positiveDurationField.optional(),
  lead: durationField.optional(),
  mode: modeField.optional(),
  values: z.record(z.string(), results).default({}),
  queries: z.record(z.string(), results).default({}),
  series: z.record(z.string(), points).default({}),
  engine: z.literal('prometheus').optional(),
  health: z.record(z.string(), notation((text) => parseWords(text, healthWords))).default({}),
  checks: z.record(z.string(), notation((text) => parseWords(text, checkWords))).default({}),
  errors: z.record(z.string(), errors).default({}),
  steps: z.record(z.string(), step).default({}),
  messages: z.array(message).default([]),
  actions: z.array(action).default([]),
  restart: z.union([restartText, z.array(restartText)], 'must be "at 3m", or a list of such').optional(),
  expect: z.array(expectation).min(1),
});

/** The frame of a scenario file; its scenarios are read one by one. */
export const scenarioFileSchema = z.strictObject({
  config: z.string().min(1).optional(),
  env: z.record(z.string(), z.string()).default({}),
  start: start.optional(),
  interval: positiveDurationField.optional(),
  scenarios: z.array(scenarioSchema).min(1),
});

export type WrittenFile = z.output<typeof scenarioFileSchema>;
export type WrittenScenario = z.output<typeof scenarioSchema>;
export type WrittenExpectation = z.output<typeof expectation>;
export type WrittenSubject = z.output<typeof subjectSchema>;
export type WrittenMessage = z.output<typeof message>;
export type WrittenAction = z.output<typeof action>;
export type WrittenStep = z.output<typeof step>;
export type WrittenResults = z.output<typeof results>;
