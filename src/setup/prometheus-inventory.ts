import { z } from 'zod';
import { suggestion } from '../config/closest-word.js';
import { BelayError } from '../fault/belay-error.js';
import { placeOf } from '../source/request-fault.js';
import type { Labels } from '../source/sample.js';
import { askEndpoint } from './ask-endpoint.js';
import type { MetricFamily, MetricInventory, MetricSeries } from './metric-family.js';
import { typeOf } from './scraped-inventory.js';

const HOUR_MS = 3_600_000;
const NAMES_AT_ONCE = 60;
const namesSchema = z.array(z.string());
const seriesSchema = z.array(z.record(z.string(), z.string()));
const metadataSchema = z.record(z.string(), z.array(z.object({ type: z.string() })));

/** What a Prometheus knows of one service: the series that have had samples in the last hour, and their types where it knows them. */
export class PrometheusInventory {
  readonly #url: string;
  readonly #now: number;
  readonly #signal: AbortSignal;

  constructor(url: string, now: number, signal: AbortSignal) {
    this.#url = url.replace(/\/+$/, '');
    this.#now = now;
    this.#signal = signal;
  }

  /** The jobs that it scrapes. Rejects with BelayError `provider-unreachable` or `provider-refused`. */
  jobs(): Promise<readonly string[]> {
    return this.#ask('/api/v1/label/job/values', this.#lastHour(), namesSchema);
  }

  /** The job of the target: the one that was named, is called like it, or is the only one; otherwise BelayError `wrong-use`. */
  async jobOf(target: string, named: string | undefined): Promise<string | undefined> {
    const jobs = await this.jobs();
    if (named !== undefined) {
      if (jobs.includes(named)) return named;
      throw new BelayError('wrong-use', `${placeOf(this.#url)} has no samples of job "${named}" in the last hour: ${suggestion(named, jobs, 'there are') ?? 'there is none'}`);
    }
    const others = jobs.filter((job) => !/^(?:prometheus|alertmanager|node|node[-_]exporter|grafana)$/.test(job));
    const alike = jobs.find((job) => job === target) ?? (others.length === 1 ? others[0] : undefined);
    if (alike !== undefined || jobs.length === 0) return alike;
    throw new BelayError('wrong-use', `${placeOf(this.#url)} has several jobs, and none is called "${target}"; say which with --job: ${jobs.join(', ')}`);
  }

  async of(select: Labels): Promise<MetricInventory> {
    const matchers = Object.entries(select).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    const range = this.#lastHour();
    const names = await this.#ask('/api/v1/label/__name__/values', [...range, ['match[]', `{${[...matchers, '__name__!=""'].join(',')}}`]], namesSchema);
    const types = await this.#types();
    const families = new Map<string, MetricFamily>(names.map((name) => [name, { name, type: typeOf(name, types), series: [] }]));
    // The buckets of a histogram are many, and their labels say no more than those of its count.
    const asked = names.filter((name) => !name.endsWith('_sum') && (!name.endsWith('_bucket') || !/_seconds_bucket$/.test(name)));
    for (let index = 0; index < asked.length; index += NAMES_AT_ONCE) {
      const pattern = asked.slice(index, index + NAMES_AT_ONCE).map((name) => name.replaceAll(/[^\w:]/g, '.')).join('|');
      const found = await this.#ask('/api/v1/series', [...range, ['limit', '20000'], ['match[]', `{${[...matchers, `__name__=~"${pattern}"`].join(',')}}`]], seriesSchema);
      const byName = new Map<string, MetricSeries[]>();
      for (const { __name__: name = '', ...labels } of found) byName.set(name, [...(byName.get(name) ?? []), { labels }]);
      for (const [name, series] of byName) families.set(name, { name, type: typeOf(name, types), series });
    }
    return families;
  }

  /** Not every server that speaks the API has them. */
  async #types(): Promise<ReadonlyMap<string, string>> {
    try {
      const metadata = await this.#ask('/api/v1/metadata', [], metadataSchema);
      return new Map(Object.entries(metadata).flatMap(([name, [first]]) => (first === undefined ? [] : [[name, first.type] as const])));
    } catch (error) {
      if (error instanceof BelayError && error.code === 'provider-refused') return new Map();
      throw error;
    }
  }

  #lastHour(): readonly (readonly [string, string])[] {
    return [
      ['start', ((this.#now - HOUR_MS) / 1000).toFixed(0)],
      ['end', (this.#now / 1000).toFixed(0)],
    ];
  }

  async #ask<T>(path: string, parameters: readonly (readonly [string, string])[], schema: z.ZodType<T>): Promise<T> {
    const query = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString();
    const { status, body } = await askEndpoint(`${this.#url}${path}${query === '' ? '' : `?${query}`}`, {}, this.#signal);
    const answer = z.object({ status: z.literal('success'), data: schema }).safeParse(parsed(body));
    if (answer.success) return answer.data.data;
    throw new BelayError('provider-refused', `${placeOf(this.#url)}${path} did not answer as a Prometheus does (HTTP ${status}); give the address of the Prometheus itself, such as http://127.0.0.1:9090`, { context: { url: this.#url, status } });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // What is no JSON fails the schema as well.
  }
}
