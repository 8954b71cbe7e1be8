import { z } from 'zod';
import { isPattern, matcherText, parseAlertMatch } from '../../source/alert-match.js';
import type { Check } from '../../source/check.js';
import { parseCondition } from '../../source/condition.js';
import type { Signal } from '../../source/signal.js';
import { parseDuration } from '../../time/duration.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';

/** A Prometheus duration (`90s`), read as milliseconds. */
export const durationMs = z.string('write a duration in quotes or with its unit, such as 90s').meta({ title: 'duration' }).transform((text, context) => {
  const value = parseDuration(text);
  if (value !== undefined) return value;
  context.addIssue({ code: 'custom', message: `"${text}" is not a duration: write 90s, 5m or 1h30m` });
  return z.NEVER;
});

const condition = z.string().meta({ title: 'condition' }).transform((text, context) => {
  const parsed = parseCondition(text);
  if (!('problem' in parsed)) return parsed;
  context.addIssue({ code: 'custom', message: parsed.problem });
  return z.NEVER;
});

const labels = z.record(z.string(), z.string());
const selector = labels.meta({ title: 'selector' });
const metric = z.string().min(1).meta({ title: 'name', description: 'The metric.' });
const select = selector.default({}).describe('Which series.');
const window = durationMs.prefault('1m').describe('How far it looks back.');

/** A `signal:` as it is written. */
export const signalSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('errorRate').describe('The share of a counter\'s increase that `errors` selects. Traffic without any error is 0, no traffic is no data.'),
      metric,
      select,
      errors: selector.describe('Which of them are errors.'),
      window,
    }),
    z.strictObject({
      type: z.literal('latency').describe('A quantile of a histogram.'),
      metric,
      select,
      quantile: z.number().gt(0).lt(1).meta({ title: 'between 0 and 1', description: 'Which one: 0.95 is the time within which 95% are answered.' }),
      window,
    }),
    z.strictObject({
      type: z.literal('queueDepth').describe('The sum of a gauge.'),
      metric,
      select,
    }),
    z.strictObject({
      type: z.literal('syncSuccess').describe('The share of a counter\'s increase that `successes` selects.'),
      metric,
      select,
      successes: selector.describe('Which of them are successes.'),
      window,
    }),
    z.strictObject({
      type: z.literal('saturation').describe('`used` by `limit`.'),
      used: metric.describe('The metric of what is used.'),
      limit: metric.describe('The metric of what there is.'),
      select,
    }),
    z.strictObject({
      type: z.literal('gauge').describe('Any gauge, reduced to one number.'),
      metric,
      select,
      reduce: z.enum(['max', 'min', 'sum', 'avg']).default('max').describe('How several series become one number.'),
    }),
  ])
  .meta({ title: 'signal' })
  .transform((written): Signal => {
    if (!('window' in written)) return written;
    const { window: windowMs, ...signal } = written;
    return { ...signal, windowMs };
  });

/** Which alerts, by their labels: a value, or one with an operator of Alertmanager before it (`=~page|ticket`). */
export const alertMatch = z
  .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a label'), z.string())
  .meta({ title: 'labels to match' })
  .refine((match) => Object.keys(match).length > 0, 'must name at least one label, such as { alertname: CheckoutDown }')
  .transform((match, context) => {
    const matchers = parseAlertMatch(match);
    const bad = matchers.find(({ operator, value }) => operator.endsWith('~') && !isPattern(value));
    if (bad === undefined) return matchers;
    context.addIssue({ code: 'custom', path: [bad.name], message: `"${bad.value}" is not a regular expression` });
    return z.NEVER;
  });

const name = z.string().min(1).optional().meta({ title: 'name', description: 'Stands in messages.' });
const DEADLINE = 'The deadline of one question.';
const timeout = durationMs.prefault('10s').describe(DEADLINE);
const url = z.string().regex(/^https?:\/\//, 'must begin with http:// or https://').meta({ title: 'http(s) URL' });
/** What an answer over HTTP must be like, as it is written. */
export const httpExpectation = z
  .strictObject({
    status: z.int().min(100).max(599).default(200).describe('The status of the answer.'),
    json: z.json().optional().describe('A part that the answer\'s JSON must contain. Objects may have more keys; lists must be equal in length.'),
    contains: z.string().optional().describe('Text that the answer must contain.'),
    maxLatency: durationMs.optional().describe('The answer must come within this time.'),
  })
  .meta({ title: 'expectation' })
  .transform(({ maxLatency, ...expectation }) => ({ ...expectation, maxLatencyMs: maxLatency }));

/** A check as it is written in a `check` step or under a plan's `verification`, read as the check that is asked. */
export const checkSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('http').describe('An address that must answer as expected.'),
      name,
      url: url.describe('What is asked.'),
      timeout,
      method: z.enum(['GET', 'POST', 'HEAD']).default('GET').describe('How it is asked.'),
      headers: labels.default({}).describe('Sent with the request.'),
      body: z.json().optional().describe('Sent with the request; a structure goes out as JSON.'),
      expect: httpExpectation.prefault({}).describe('What a good answer is like.'),
    }),
    z.strictObject({
      type: z.literal('query').describe('A question to a source, whose every series must satisfy the condition.'),
      name,
      timeout,
      source: z.string().min(1).meta({ title: 'source', description: 'Who is asked.' }),
      expr: z.string().min(1).optional().meta({ title: 'PromQL', description: 'The question. Either this or `signal`.' }),
      signal: signalSchema.optional().describe('The question in a form that a scraped endpoint answers as well.'),
      condition: condition.describe('What every series must satisfy.'),
    }).refine((check) => (check.expr === undefined) !== (check.signal === undefined), 'a query check needs either expr or signal'),
    z.strictObject({
      type: z.literal('command').describe('A program that looks. It only reads, and runs in dry-run too.'),
      name,
      timeout,
      command: argumentList.describe('Exit 0 is OK, 1 is not, anything else cannot tell. Runs in the folder of `belay.yaml`.'),
      env: commandSurroundings.env.describe('Added to [its environment](docs/decisions/command-environment.md), such as the password of the database that it looks at.'),
    }),
    z.strictObject({
      type: z.literal('alerts').describe('An Alertmanager in which no more of these alerts may fire.'),
      name,
      timeout,
      source: z.string().min(1).optional().meta({ title: 'source', description: 'Of type `alertmanager`. May be left out where there is one.' }),
      match: alertMatch.describe('[Which alerts](docs/alertmanager.md#asking-an-alertmanager), by their labels.'),
      atMost: z.int().min(0).default(0).describe('How many may fire.'),
    }),
    z.strictObject({
      type: z.literal('health').describe('The health endpoint of a target.'),
      name,
      timeout,
      target: z.string().min(1).meta({ title: 'target', description: 'Whose.' }),
    }),
    z.strictObject({
      type: z.literal('backup').describe('A backup, [verified](docs/data.md#backups) as before a `data` step: it can be read, is what its checksum says, is of the right database, and young enough. Of a database of type `command`, by its `checkBackup`.'),
      name,
      timeout: durationMs.prefault('5m').describe(DEADLINE),
      database: z.string().min(1).meta({ title: 'entry of `databases`', description: 'Whose backup.' }),
      snapshotId: z.string().min(1).optional().describe('Which one. Without it the newest of the folder.'),
      target: z.string().min(1).optional().meta({ title: 'target', description: 'Whose `rpo` says how old the backup may be, where its `databases` entry has no `maxAge`. Without it, that of the plan.' }),
    }),
  ])
  .meta({ title: 'check' })
  .transform((written): Check => {
    switch (written.type) {
      case 'http': {
        const { timeout: timeoutMs, ...check } = written;
        return { ...check, name: check.name ?? `${check.method} ${check.url}`, timeoutMs };
      }
      case 'query': {
        const { timeout: timeoutMs, ...check } = written;
        return { ...check, name: check.name ?? `${check.expr ?? check.signal?.type ?? ''} ${check.condition.text}`, timeoutMs };
      }
      case 'command':
        return { type: 'command', name: written.name ?? written.command.join(' '), argv: written.command, env: written.env, timeoutMs: written.timeout };
      case 'alerts': {
        const { timeout: timeoutMs, ...check } = written;
        return { ...check, name: check.name ?? `at most ${check.atMost} alerts with ${check.match.map(matcherText).join(', ')}`, timeoutMs };
      }
      case 'health':
        return { type: 'health', name: written.name ?? `health of ${written.target}`, target: written.target, timeoutMs: written.timeout };
      case 'backup': {
        const { timeout: timeoutMs, ...check } = written;
        return { ...check, name: check.name ?? `backup ${check.snapshotId ?? ''} of ${check.database}`.replace('  ', ' '), timeoutMs };
      }
      default:
        return written satisfies never;
    }
  });
