import { canCompare, increaseOf } from './counter-increase.js';
import { histogramQuantile, type Bucket } from './histogram-quantile.js';
import { errorObservation, valueObservation } from './observation.js';
import { parsePrometheusNumber } from './prometheus-number.js';
import type { Observation } from './sample.js';
import type { Scrape, Series } from './scrape-window.js';
import { compileSelector } from './selector.js';
import { histogramName } from './signal-promql.js';
import type { Selector, Signal } from './signal.js';

/** The metrics that have to be remembered to answer a signal. */
export function metricsOf(signal: Signal): readonly string[] {
  switch (signal.type) {
    case 'latency': {
      const name = histogramName(signal.metric);
      // The name itself and the count tell a metric that is no histogram from one that is not there.
      return [`${name}_bucket`, `${name}_count`, name];
    }
    case 'saturation':
      return [signal.used, signal.limit];
    case 'errorRate':
    case 'syncSuccess':
    case 'queueDepth':
    case 'gauge':
      return [signal.metric];
    default:
      return signal satisfies never;
  }
}

/** The look-back of a signal; 0 for one that is read from the newest scrape. */
export function windowOf(signal: Signal): number {
  return 'windowMs' in signal ? signal.windowMs : 0;
}

/**
 * Answers a signal at `at` from the scrapes of its window, oldest first, the last one being the newest known: what
 * Prometheus answers to `signalToPromql`, but for rates, which are what was counted and not extrapolated.
 */
export function evaluateSignal(signal: Signal, scrapes: readonly Scrape[], at: number): Observation {
  try {
    return evaluate(signal, scrapes, at);
  } catch (error) {
    if (error instanceof BadSelector) return errorObservation(at, 'query-refused', error.message);
    throw error;
  }
}

function evaluate(signal: Signal, scrapes: readonly Scrape[], at: number): Observation {
  switch (signal.type) {
    case 'errorRate':
      return share(scrapes, signal.metric, signal.select, signal.errors, at);
    case 'syncSuccess':
      return share(scrapes, signal.metric, signal.select, signal.successes, at);
    case 'latency':
      return latency(signal, scrapes, at);
    case 'queueDepth':
      return reduced(valuesOf(scrapes.at(-1), signal.metric, signal.select), 'sum', at);
    case 'saturation': {
      const used = valuesOf(scrapes.at(-1), signal.used, signal.select);
      const limit = valuesOf(scrapes.at(-1), signal.limit, signal.select);
      if (used.length === 0 || limit.length === 0) return nothing(at);
      const limitSum = sum(limit);
      // A limit of 0 means that there is none, and a share of nothing is no data.
      return limitSum > 0 ? valueObservation(at, sum(used) / limitSum) : nothing(at);
    }
    case 'gauge':
      return reduced(valuesOf(scrapes.at(-1), signal.metric, signal.select), signal.reduce, at);
    default:
      return signal satisfies never;
  }
}

function share(scrapes: readonly Scrape[], metric: string, select: Selector, part: Selector, at: number): Observation {
  const looked = scrapes.filter((scrape) => scrape.metrics.has(metric));
  const all = seriesOf(looked, metric, select);
  if (all.length === 0) return nothing(at);
  if (!canCompare(looked)) return tooFew(at);
  const isPart = matching(part);
  let allIncrease = 0;
  let partIncrease = 0;
  for (const series of all) {
    const increase = increaseOf(series, looked);
    allIncrease += increase;
    if (isPart(series)) partIncrease += increase;
  }
  return valueObservation(at, partIncrease / allIncrease);
}

function latency(signal: Extract<Signal, { type: 'latency' }>, scrapes: readonly Scrape[], at: number): Observation {
  const name = histogramName(signal.metric);
  const looked = scrapes.filter((scrape) => scrape.metrics.has(`${name}_bucket`));
  const all = seriesOf(looked, `${name}_bucket`, signal.select);
  if (all.length === 0) {
    const exposed = valuesOf(looked.at(-1), name, signal.select).length + valuesOf(looked.at(-1), `${name}_count`, signal.select).length;
    return exposed === 0 ? nothing(at) : errorObservation(at, 'wrong-type', `${name} has no buckets: a latency needs a histogram, and this is a summary, a counter or a gauge`);
  }
  if (!canCompare(looked)) return tooFew(at);
  const buckets: Bucket[] = [];
  for (const series of all) {
    const upperBound = parsePrometheusNumber(series.labels['le'] ?? '');
    if (upperBound !== undefined && !Number.isNaN(upperBound)) buckets.push({ upperBound, count: increaseOf(series, looked) });
  }
  return valueObservation(at, histogramQuantile(signal.quantile, buckets));
}

function reduced(values: readonly number[], reduce: 'max' | 'min' | 'sum' | 'avg', at: number): Observation {
  if (values.length === 0) return nothing(at);
  // As in Prometheus, NaN spoils a sum, but not a maximum or a minimum.
  const numbers = values.filter((value) => !Number.isNaN(value));
  const extreme = (better: (a: number, b: number) => number): number => (numbers.length === 0 ? NaN : numbers.reduce(better));
  switch (reduce) {
    case 'sum':
      return valueObservation(at, sum(values));
    case 'avg':
      return valueObservation(at, sum(values) / values.length);
    case 'max':
      return valueObservation(at, extreme((a, b) => Math.max(a, b)));
    case 'min':
      return valueObservation(at, extreme((a, b) => Math.min(a, b)));
    default:
      return reduce satisfies never;
  }
}

/** Every series of the metric that any of the scrapes has and the selector wants. */
function seriesOf(scrapes: readonly Scrape[], metric: string, select: Selector): readonly Series[] {
  const all = new Set<Series>();
  for (const scrape of scrapes) for (const series of scrape.metrics.get(metric)?.keys() ?? []) all.add(series);
  const wanted = matching(select);
  return [...all].filter(wanted);
}

function valuesOf(scrape: Scrape | undefined, metric: string, select: Selector): readonly number[] {
  const wanted = matching(select);
  return [...(scrape?.metrics.get(metric) ?? [])].filter(([series]) => wanted(series)).map(([, value]) => value);
}

class BadSelector extends Error {}

function matching(selector: Selector): (series: Series) => boolean {
  const matches = compileSelector(selector);
  if (typeof matches !== 'function') throw new BadSelector(matches.problem);
  return (series) => matches(series.labels);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function nothing(at: number): Observation {
  return { kind: 'vector', at, series: [], warnings: [] };
}

function tooFew(at: number): Observation {
  return { kind: 'vector', at, series: [{ labels: {}, sample: { kind: 'no-data', at, reason: 'too-few-samples' } }], warnings: [] };
}
