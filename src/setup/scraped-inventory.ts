import { BelayError } from '../fault/belay-error.js';
import { parseExposition } from '../source/exposition.js';
import { placeOf } from '../source/request-fault.js';
import { askEndpoint } from './ask-endpoint.js';
import type { MetricFamily, MetricInventory, MetricSeries } from './metric-family.js';

const ACCEPT = 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1';
const MOST_SAMPLES = 50_000;
const TYPE_LINE = /^# TYPE (\S+) (\S+)$/gm;

/** What an application's own `/metrics` shows now. Rejects with BelayError `provider-unreachable` or `provider-refused`. */
export async function scrapedInventory(url: string, signal: AbortSignal): Promise<MetricInventory> {
  const { status, headers, body } = await askEndpoint(url, { accept: ACCEPT }, signal);
  if (status !== 200) throw new BelayError('provider-refused', `${placeOf(url)} answered HTTP ${status}; give the address of the metrics themselves, such as http://127.0.0.1:3000/metrics`, { context: { url, status } });
  return inventoryOf(url, body, (headers['content-type'] ?? '').includes('application/openmetrics-text') ? 'openmetrics' : 'text');
}

/** Rejects what is not the metrics of an application with BelayError `provider-refused`. */
export function inventoryOf(url: string, text: string, format: 'text' | 'openmetrics'): MetricInventory {
  const read = parseExposition(text, { format, maxSamples: MOST_SAMPLES });
  if ('problem' in read) throw new BelayError('provider-refused', `${placeOf(url)} shows no metrics that Prometheus could read: line ${read.line}: ${read.problem}`, { context: { url } });
  const types = new Map([...text.matchAll(TYPE_LINE)].map(([, name = '', type = '']) => [name, type]));
  const byName = new Map<string, MetricSeries[]>();
  for (const { name, labels, value } of read.samples) {
    const series = byName.get(name) ?? [];
    byName.set(name, series);
    series.push({ labels, value });
  }
  return new Map([...byName].map(([name, series]): [string, MetricFamily] => [name, { name, type: typeOf(name, types), series }]));
}

/** The type of a sample's name: a histogram is named without its suffixes, a counter of OpenMetrics without `_total`. */
export function typeOf(name: string, types: ReadonlyMap<string, string>): string | undefined {
  return types.get(name) ?? types.get(name.replace(/_(?:bucket|count|sum|total)$/, ''));
}
