import { z } from 'zod';
import { errorObservation, valueSample } from './observation.js';
import { parsePrometheusNumber } from './prometheus-number.js';
import type { HttpAnswer } from './http-client.js';
import type { Labels, Observation, Sample, SeriesSample, SourceErrorReason } from './sample.js';

const labels = z.record(z.string(), z.string());
const texts = z.array(z.string()).nullish();
const answerSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    warnings: texts,
    infos: texts,
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: labels, value: z.unknown().optional(), histogram: z.unknown().optional() })) }),
      z.object({ resultType: z.literal('matrix'), result: z.array(z.object({ metric: labels, values: z.array(z.unknown()).optional(), histograms: z.unknown().optional() })) }),
      z.object({ resultType: z.literal('scalar'), result: z.unknown() }),
      z.object({ resultType: z.literal('string'), result: z.unknown() }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);

type Success = Extract<z.infer<typeof answerSchema>, { status: 'success' }>;
interface Fault {
  readonly reason: SourceErrorReason;
  readonly message: string;
}

/** What the API says of a query that it could not answer; what is not listed is a failure of the server. */
const REASONS = new Map<string, SourceErrorReason>([['bad_data', 'query-refused'], ['execution', 'query-refused'], ['timeout', 'timeout']]);
const SHOWN_CHARACTERS = 300;
/** An answer carries the very instant that was asked about. One that is this much older or newer is of another question, kept by something on the way, or of a clock that nobody should go by. */
const STALE_AFTER_MS = 60_000;

/** Reads the answer to an instant query about `at`. */
export function readInstantAnswer(answer: HttpAnswer, at: number): Observation {
  const success = readSuccess(answer);
  if ('reason' in success) return errorObservation(at, success.reason, success.message);
  const { data } = success;
  const warnings = warningsOf(success);
  switch (data.resultType) {
    case 'scalar': {
      const point = readPoint(data.result);
      if (point === undefined) return badPoint(at, data.result);
      return vectorOf(at, [{ labels: {}, sample: sampleOf(at, point) }], warnings);
    }
    case 'vector': {
      const series: SeriesSample[] = [];
      for (const { metric, value, histogram } of data.result) {
        if (histogram !== undefined) return errorObservation(at, 'wrong-type', 'the query returns native histograms, not numbers');
        const point = readPoint(value);
        if (point === undefined) return badPoint(at, value);
        series.push({ labels: withoutName(metric), sample: sampleOf(at, point) });
      }
      return vectorOf(at, series, warnings);
    }
    case 'matrix':
    case 'string':
      return errorObservation(at, 'wrong-type', `the query returns a ${data.resultType === 'matrix' ? 'range of samples' : 'string'}, not one number per series`);
    default:
      return data satisfies never;
  }
}

/** Reads the answer to a range query: one observation for each of `instants`, which are `stepMs` apart. */
export function readRangeAnswer(answer: HttpAnswer, instants: readonly number[], stepMs: number): readonly Observation[] {
  const all = (fault: Fault): readonly Observation[] => instants.map((at) => errorObservation(at, fault.reason, fault.message));
  const success = readSuccess(answer);
  if ('reason' in success) return all(success);
  const { data } = success;
  if (data.resultType !== 'matrix') return all({ reason: 'bad-answer', message: `the answer to a range query is a ${data.resultType}` });
  const firstAt = instants[0] ?? 0;
  const seriesAt: SeriesSample[][] = instants.map(() => []);
  for (const { metric, values = [], histograms } of data.result) {
    if (histograms !== undefined) return all({ reason: 'wrong-type', message: 'the query returns native histograms, not numbers' });
    const seriesLabels = withoutName(metric);
    for (const written of values) {
      const point = readPoint(written);
      const at = point?.at ?? NaN;
      const series = seriesAt[(at - firstAt) / stepMs];
      if (point === undefined || series === undefined) return all({ reason: 'bad-answer', message: `the answer has a point that was not asked for: ${shown(written)}` });
      series.push({ labels: seriesLabels, sample: valueSample(at, point.value) });
    }
  }
  const warnings = warningsOf(success);
  return instants.map((at, index) => vectorOf(at, seriesAt[index] ?? [], warnings));
}

function readSuccess(answer: HttpAnswer): Success | Fault {
  const parsed = answerSchema.safeParse(parseJson(answer.body));
  if (parsed.success && parsed.data.status === 'error') {
    const { errorType, error } = parsed.data;
    return { reason: REASONS.get(errorType) ?? 'http-status', message: `${errorType}: ${error.slice(0, SHOWN_CHARACTERS)}` };
  }
  if (answer.status < 200 || answer.status > 299) return { reason: 'http-status', message: `the answer is HTTP ${answer.status}` };
  if (!parsed.success) return { reason: 'bad-answer', message: `the answer is not one of Prometheus' API: ${shown(answer.body)}` };
  return parsed.data as Success;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Whatever is not JSON fails the schema as well.
  }
}

interface Point {
  readonly at: number;
  readonly value: number;
}

function sampleOf(askedAt: number, point: Point): Sample {
  return Math.abs(point.at - askedAt) > STALE_AFTER_MS ? { kind: 'stale', at: askedAt } : valueSample(askedAt, point.value);
}

function readPoint(written: unknown): Point | undefined {
  if (!Array.isArray(written) || written.length !== 2) return undefined;
  const [seconds, text] = written as [unknown, unknown];
  const value = typeof text === 'string' ? parsePrometheusNumber(text) : undefined;
  return typeof seconds === 'number' && value !== undefined ? { at: Math.round(seconds * 1000), value } : undefined;
}

function badPoint(at: number, written: unknown): Observation {
  return errorObservation(at, 'bad-answer', `the answer has something other than a time and a number: ${shown(written)}`);
}

function vectorOf(at: number, series: readonly SeriesSample[], warnings: readonly string[]): Observation {
  const seen = new Set<string>();
  for (const { labels: seriesLabels } of series) {
    const key = JSON.stringify(Object.entries(seriesLabels).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (seen.has(key)) return errorObservation(at, 'wrong-type', `the query returns several series with the labels ${JSON.stringify(seriesLabels)} once the metric's name is dropped`);
    seen.add(key);
  }
  return { kind: 'vector', at, series, warnings };
}

function warningsOf({ warnings, infos }: Success): readonly string[] {
  return [...(warnings ?? []), ...(infos ?? [])];
}

function withoutName(metric: Labels): Labels {
  return Object.fromEntries(Object.entries(metric).filter(([label]) => label !== '__name__'));
}

function shown(value: unknown): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value ?? null)).replaceAll(/\s+/g, ' ');
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
