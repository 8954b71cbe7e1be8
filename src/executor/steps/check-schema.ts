import { z } from 'zod';
import { isPattern, matcherText, parseAlertMatch } from '../../source/alert-match.js';
import type { Check } from '../../source/check.js';
import { parseCondition } from '../../source/condition.js';
import type { Signal } from '../../source/signal.js';
import { parseDuration } from '../../time/duration.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';

/** A Prometheus duration (`90s`), read as milliseconds. */
export const durationMs = z.string('write a duration in quotes or with its unit, such as 90s').transform((text, context) => {
  const value = parseDuration(text);
  if (value !== undefined) return value;
  context.addIssue({ code: 'custom', message: `"${text}" is not a duration: write 90s, 5m or 1h30m` });
  return z.NEVER;
});

const condition = z.string().transform((text, context) => {
  const parsed = parseCondition(text);
  if (!('problem' in parsed)) return parsed;
  context.addIssue({ code: 'custom', message: parsed.problem });
  return z.NEVER;
});

const labels = z.record(z.string(), z.string());
const metric = z.string().min(1);
const select = labels.default({});
const window = durationMs.prefault('1m');

/** A `signal:` as it is written. */
export const signalSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('errorRate'), metric, select, errors: labels, window }),
    z.strictObject({ type: z.literal('latency'), metric, select, quantile: z.number().gt(0).lt(1), window }),
    z.strictObject({ type: z.literal('queueDepth'), metric, select }),
    z.strictObject({ type: z.literal('syncSuccess'), metric, select, successes: labels, window }),
    z.strictObject({ type: z.literal('saturation'), used: metric, limit: metric, select }),
    z.strictObject({ type: z.literal('gauge'), metric, select, reduce: z.enum(['max', 'min', 'sum', 'avg']).default('max') }),
  ])
  .transform((written): Signal => {
    if (!('window' in written)) return written;
    const { window: windowMs, ...signal } = written;
    return { ...signal, windowMs };
  });

/** Which alerts, by their labels: a value, or one with an operator of Alertmanager before it (`=~page|ticket`). */
export const alertMatch = z
  .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a label'), z.string())
  .refine((match) => Object.keys(match).length > 0, 'must name at least one label, such as { alertname: CheckoutDown }')
  .transform((match, context) => {
    const matchers = parseAlertMatch(match);
    const bad = matchers.find(({ operator, value }) => operator.endsWith('~') && !isPattern(value));
    if (bad === undefined) return matchers;
    context.addIssue({ code: 'custom', path: [bad.name], message: `"${bad.value}" is not a regular expression` });
    return z.NEVER;
  });

const name = z.string().min(1).optional();
const timeout = durationMs.prefault('10s');
const url = z.string().regex(/^https?:\/\//, 'must begin with http:// or https://');
/** What an answer over HTTP must be like, as it is written. */
export const httpExpectation = z
  .strictObject({ status: z.int().min(100).max(599).default(200), json: z.json().optional(), contains: z.string().optional(), maxLatency: durationMs.optional() })
  .transform(({ maxLatency, ...expectation }) => ({ ...expectation, maxLatencyMs: maxLatency }));

/** A check as it is written in a `check` step or under a plan's `verification`, read as the check that is asked. */
export const checkSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('http'), name, url, timeout, method: z.enum(['GET', 'POST', 'HEAD']).default('GET'),
      headers: labels.default({}), body: z.json().optional(), expect: httpExpectation.prefault({}),
    }),
    z.strictObject({ type: z.literal('query'), name, timeout, source: z.string().min(1), expr: z.string().min(1).optional(), signal: signalSchema.optional(), condition })
      .refine((check) => (check.expr === undefined) !== (check.signal === undefined), 'a query check needs either expr or signal'),
    z.strictObject({ type: z.literal('command'), name, timeout, command: argumentList, env: commandSurroundings.env }),
    z.strictObject({ type: z.literal('alerts'), name, timeout, source: z.string().min(1).optional(), match: alertMatch, atMost: z.int().min(0).default(0) }),
    z.strictObject({ type: z.literal('health'), name, timeout, target: z.string().min(1) }),
    z.strictObject({ type: z.literal('backup'), name, timeout: durationMs.prefault('5m'), database: z.string().min(1), snapshotId: z.string().min(1).optional(), target: z.string().min(1).optional() }),
  ])
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
