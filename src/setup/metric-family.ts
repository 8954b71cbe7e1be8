import type { Labels } from '../source/sample.js';

/** One name of a metric, as it is asked for: a histogram is its buckets, its sum and its count. */
export interface MetricFamily {
  readonly name: string;
  /** What the endpoint says of it; `undefined` where nothing does, so that the name has to tell. */
  readonly type?: string | undefined;
  readonly series: readonly MetricSeries[];
}

export interface MetricSeries {
  readonly labels: Labels;
  /** Absent where only the labels were asked for. */
  readonly value?: number | undefined;
}

/** Of a service, by name. */
export type MetricInventory = ReadonlyMap<string, MetricFamily>;

const COUNTED = /_(?:total|count|bucket|sum)$/;

export function isCounter({ name, type }: MetricFamily): boolean {
  return type === 'counter' || (type === undefined || type === 'unknown' || type === 'untyped' ? /_(?:total|count|rq|rq_xx|requests)$/.test(name) : type === 'histogram' && name.endsWith('_count'));
}

export function isGauge({ name, type }: MetricFamily): boolean {
  return type === 'gauge' || ((type === undefined || type === 'unknown' || type === 'untyped') && !COUNTED.test(name) && !/_(?:created|info)$/.test(name));
}
