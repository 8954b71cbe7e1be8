import { formatDuration } from '../time/duration.js';
import { createHttpClient, type HttpAnswer, type HttpRequest } from './http-client.js';
import { errorObservation } from './observation.js';
import { readInstantAnswer, readRangeAnswer } from './prometheus-answer.js';
import type { RequestFault } from './request-fault.js';
import type { Labels, Observation } from './sample.js';
import { signalToPromql } from './signal-promql.js';
import type { PrometheusSettings } from './source-settings.js';
import type { Query, Source } from './source.js';

/** A Prometheus refuses ranges of more than 11,000 points. */
const MAX_POINTS = 10_000;
/**
 * What a trigger asks once per interval is answered in a few lines, which cost both sides more to pack than to send.
 * The past comes in long answers, and those may be packed.
 */
const UNPACKED = { 'accept-encoding': 'identity' };
/** Longer addresses are cut or refused by some servers and proxies on the way; then the query goes into a body. */
const MAX_URL_CHARACTERS = 2_000;

/** Asks a Prometheus, or anything that speaks its query API. */
export function createPrometheusSource(settings: PrometheusSettings): Source {
  const client = createHttpClient({ keepAlive: true });
  const ask = (path: string, parameters: Labels, signal: AbortSignal, headers: Labels = {}): Promise<HttpAnswer | RequestFault> => {
    const form = new URLSearchParams({ ...parameters, timeout: formatDuration(settings.timeoutMs) });
    return client.ask({ ...requestOf(settings, path, form, headers), timeoutMs: settings.timeoutMs }, signal);
  };

  return {
    name: settings.name,
    intervalMs: settings.intervalMs,

    async observe(query, at, signal) {
      const expr = exprOf(query);
      if (expr === undefined) return refused(at);
      const answer = await ask('/api/v1/query', { query: expr, time: seconds(at) }, signal, UNPACKED);
      return answer.kind === 'fault' ? errorObservation(at, answer.reason, answer.message) : readInstantAnswer(answer, at);
    },

    async history(query, fromAt, toAt, stepMs, signal) {
      const instants = instantsOf(fromAt, toAt, stepMs);
      const expr = exprOf(query);
      if (expr === undefined) return instants.map(refused);
      const observations: Observation[] = [];
      for (let index = 0; index < instants.length; index += MAX_POINTS) {
        const chunk = instants.slice(index, index + MAX_POINTS);
        const [start = fromAt, end = start] = [chunk[0], chunk.at(-1)];
        const answer = await ask('/api/v1/query_range', { query: expr, start: seconds(start), end: seconds(end), step: formatDuration(stepMs) }, signal);
        const read = answer.kind === 'fault' ? chunk.map((at) => errorObservation(at, answer.reason, answer.message)) : readRangeAnswer(answer, chunk, stepMs);
        for (const observation of read) observations.push(observation);
      }
      return observations;
    },

    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

function requestOf(settings: PrometheusSettings, path: string, form: URLSearchParams, ownHeaders: Labels): Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'> {
  const headers = { ...ownHeaders, ...settings.headers };
  const url = new URL(settings.url);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  const bare = url.href;
  for (const [name, value] of form) url.searchParams.append(name, value);
  if (url.href.length <= MAX_URL_CHARACTERS) return { method: 'GET', url: url.href, headers };
  return { method: 'POST', url: bare, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body: form.toString() };
}

function exprOf(query: Query): string | undefined {
  if (query.kind === 'promql') return query.expr;
  return query.kind === 'signal' ? signalToPromql(query.signal) : undefined;
}

function refused(at: number): Observation {
  return errorObservation(at, 'query-refused', 'a Prometheus is asked with an expr or a signal; health is asked of the source "health"');
}

function instantsOf(fromAt: number, toAt: number, stepMs: number): readonly number[] {
  if (!(stepMs > 0)) throw new RangeError(`a step of ${stepMs} ms leads nowhere`);
  return Array.from({ length: Math.max(0, Math.floor((toAt - fromAt) / stepMs) + 1) }, (_, index) => fromAt + index * stepMs);
}

/** An instant as Prometheus reads it. Durations go out as durations, since it cuts fractions of seconds off by a millisecond. */
function seconds(at: number): string {
  return (at / 1000).toFixed(3);
}
