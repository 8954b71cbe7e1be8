import { formatDuration } from '../time/duration.js';
import { isPattern } from './selector.js';
import type { Selector, Signal } from './signal.js';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The PromQL that asks a Prometheus for what the scrape source computes itself; one series without labels. */
export function signalToPromql(signal: Signal): string {
  switch (signal.type) {
    case 'errorRate':
      return shareOf(signal.metric, signal.select, signal.errors, signal.windowMs);
    case 'syncSuccess':
      return shareOf(signal.metric, signal.select, signal.successes, signal.windowMs);
    case 'latency': {
      const buckets = series(`${histogramName(signal.metric)}_bucket`, signal.select);
      return `histogram_quantile(${signal.quantile}, sum by (le) (rate(${buckets}[${formatDuration(signal.windowMs)}])))`;
    }
    case 'queueDepth':
      return `sum(${series(signal.metric, signal.select)})`;
    case 'saturation':
      // A limit of 0 means that there is none, and a share of nothing is no data.
      return `sum(${series(signal.used, signal.select)}) / (sum(${series(signal.limit, signal.select)}) > 0)`;
    case 'gauge':
      return `${signal.reduce}(${series(signal.metric, signal.select)})`;
    default:
      return signal satisfies never;
  }
}

/** A histogram is named with or without the suffix of its buckets. */
export function histogramName(metric: string): string {
  return metric.endsWith('_bucket') ? metric.slice(0, -'_bucket'.length) : metric;
}

/** Traffic without any series for the part is a share of 0; without traffic it is 0 / 0, which is no data. */
function shareOf(metric: string, select: Selector, part: Selector, windowMs: number): string {
  const rate = (...selectors: Selector[]): string => `sum(rate(${series(metric, ...selectors)}[${formatDuration(windowMs)}]))`;
  return `(${rate(select, part)} or vector(0)) / ${rate(select)}`;
}

/** Names outside Prometheus' classic alphabet are quoted, which versions before 3 refuse by themselves. */
function series(metric: string, ...selectors: readonly Selector[]): string {
  const matchers = selectors.flatMap((selector) => Object.entries(selector).map(([label, value]) => matcher(label, value)));
  const plain = METRIC_NAME.test(metric);
  if (!plain) matchers.unshift(`__name__=${quoted(metric)}`);
  return (plain ? metric : '') + (matchers.length === 0 ? '' : `{${matchers.join(',')}}`);
}

function matcher(label: string, value: string): string {
  return `${LABEL_NAME.test(label) ? label : quoted(label)}${isPattern(value) ? '=~' : '='}${quoted(value)}`;
}

/** JSON's escapes are a part of PromQL's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
