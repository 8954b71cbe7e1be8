import type { ExpositionSample } from './exposition-sample.js';
import type { Labels } from './sample.js';
import type { Continuity, Scrape, Series } from './scrape-window.js';
import { metricsOf, windowOf } from './signal-window.js';
import type { Signal } from './signal.js';

/** Exposed by every Prometheus client library; tells a restarted process from one that merely counts on. */
const PROCESS_START = 'process_start_time_seconds';

/** Clocks and rounding may differ by this much without meaning another process. */
const START_TOLERANCE_MS = 1_000;
/** An exposed timestamp older than this belongs to data that nobody updates any more: Prometheus looks back as far. */
const OLDEST_TIMESTAMP_MS = 5 * 60_000;

export interface MemoryLimits {
  /** Series of one scrape. */
  readonly maxSeries: number;
  /** Samples of all scrapes together; beyond it the oldest scrapes go. */
  readonly maxSamples: number;
}

interface RememberedScrape extends Scrape {
  readonly metrics: Map<string, Map<Series, number>>;
  readonly startedAt: number | undefined;
}

/**
 * The newest scrapes of one endpoint, as far back as the longest window asks for, and of them only the metrics that
 * signals have asked about. Bounded in series and in samples.
 */
export class ScrapeMemory {
  readonly #limits: MemoryLimits;
  readonly #wanted = new Set<string>();
  #longestWindowMs = 0;
  readonly #slackMs: number;
  #scrapes: RememberedScrape[] = [];
  #series = new Map<string, Series>();
  #cutAt = -Infinity;

  constructor(slackMs: number, limits: MemoryLimits) {
    this.#slackMs = slackMs;
    this.#limits = limits;
  }

  /** From now on remembers what the signal needs. */
  want(signal: Signal): void {
    for (const metric of metricsOf(signal)) this.#wanted.add(metric);
    this.#longestWindowMs = Math.max(this.#longestWindowMs, windowOf(signal));
  }

  wants(metric: string): boolean {
    return this.#wanted.has(metric) || metric === PROCESS_START;
  }

  /** Whether the scrape at this instant has been searched for everything that is wanted now. */
  isComplete(at: number): boolean {
    const scrape = this.#scrapes.find((candidate) => candidate.at === at);
    return scrape !== undefined && [...this.#wanted].every((metric) => scrape.metrics.has(metric));
  }

  /**
   * Takes what one scrape found. It has to be the newest, or one that is there already and is searched again for what
   * has come to be wanted since; an older one means that the clock was set back, and what was remembered of the time to
   * come is forgotten. Returns the problem if it has more series than are remembered, and then keeps none.
   */
  add(at: number, samples: readonly ExpositionSample[]): { readonly problem: string } | undefined {
    const fresh = samples.filter(({ timestampMs }) => timestampMs === undefined || timestampMs >= at - OLDEST_TIMESTAMP_MS);
    if (fresh.length > this.#limits.maxSeries) {
      return { problem: `the metrics that are watched have ${fresh.length} series, and at most ${this.#limits.maxSeries} are remembered` };
    }
    const existing = this.#scrapes.find((candidate) => candidate.at === at);
    if (existing === undefined && at < (this.#scrapes.at(-1)?.at ?? at)) this.#beginAnew();
    const scrape = existing ?? this.#begin(at, fresh);
    const missing = [...this.#wanted].filter((metric) => !scrape.metrics.has(metric));
    for (const metric of missing) scrape.metrics.set(metric, new Map());
    for (const sample of fresh) {
      if (!missing.includes(sample.name)) continue;
      const values = scrape.metrics.get(sample.name);
      const series = this.#seriesFor(sample.name, sample.labels, at);
      // Prometheus keeps the first of two samples of one series as well.
      if (values !== undefined && !values.has(series)) values.set(series, sample.value);
    }
    this.#forget(at);
    return undefined;
  }

  /** The scrapes of a window, both ends included, oldest first. */
  window(fromAt: number, toAt: number): readonly Scrape[] {
    return this.#scrapes.filter(({ at }) => at >= fromAt && at <= toAt);
  }

  /** Whether scrapes from this instant on had to be given up for want of room. */
  isCut(fromAt: number): boolean {
    return fromAt <= this.#cutAt;
  }

  #beginAnew(): void {
    this.#scrapes = [];
    this.#series.clear();
    this.#cutAt = -Infinity;
  }

  #begin(at: number, samples: readonly ExpositionSample[]): RememberedScrape {
    const starts = samples.filter(({ name }) => name === PROCESS_START);
    const startedAt = starts.length === 1 && starts[0] !== undefined ? starts[0].value * 1000 : undefined;
    const scrape = { at, startedAt, continuity: continuityOf(this.#scrapes.at(-1), startedAt), metrics: new Map<string, Map<Series, number>>() };
    this.#scrapes.push(scrape);
    return scrape;
  }

  #seriesFor(name: string, labels: Labels, at: number): Series {
    const key = JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series = { name, labels, firstSeenAt: at };
    this.#series.set(key, series);
    return series;
  }

  #forget(now: number): void {
    const oldestAt = now - this.#longestWindowMs - this.#slackMs;
    this.#scrapes = this.#scrapes.filter(({ at }) => at >= oldestAt);
    let samples = this.#scrapes.reduce((total, scrape) => total + sizeOf(scrape), 0);
    while (samples > this.#limits.maxSamples && this.#scrapes.length > 1) {
      const oldest = this.#scrapes.shift();
      if (oldest === undefined) break;
      samples -= sizeOf(oldest);
      this.#cutAt = oldest.at;
    }
    // Series that are long gone are kept apart from new ones for as long as there is room for it.
    if (this.#series.size > 2 * this.#limits.maxSeries) {
      const living = new Set(this.#scrapes.flatMap((scrape) => [...scrape.metrics.values()].flatMap((values) => [...values.keys()])));
      this.#series = new Map([...this.#series].filter(([, series]) => living.has(series)));
    }
  }
}

function continuityOf(before: RememberedScrape | undefined, startedAt: number | undefined): Continuity {
  if (before?.startedAt === undefined || startedAt === undefined) return 'same';
  if (Math.abs(startedAt - before.startedAt) <= START_TOLERANCE_MS) return 'same';
  return startedAt >= before.at - START_TOLERANCE_MS ? 'restarted' : 'other-process';
}

function sizeOf(scrape: RememberedScrape): number {
  let size = 0;
  for (const values of scrape.metrics.values()) size += values.size;
  return size;
}
