/**
 * A baseline is what a query gave before: the median, series by series, of its answers over a window of the past. The
 * window ends `offset` ago, or with the last change marker of the target, and at least half of it must be known.
 *
 * Where there is none (no marker, no data, or nothing that a share could be taken of: zero, less than zero, infinity),
 * the value is withheld.
 */
import { errorText } from '../fault/belay-error.js';
import type { Observation, Sample } from '../source/sample.js';
import type { Source } from '../source/source.js';
import { slotAtOrBefore } from '../time/slots.js';
import { isKnown } from './advance-alert.js';
import { besideSeries, seriesKey } from './matching-series.js';
import type { Baseline, Trigger } from './trigger.js';

/** When a target was last changed, as far as Belay was told. */
export interface ChangeMarkers {
  /** The newest deployment of the target at or before `at`; milliseconds since the epoch. */
  lastDeployAt(target: string, at: number): number | undefined;
}

/** What is known of the past of a query. An error is the source's own. */
export type BaselineReading = { readonly kind: 'read'; readonly medians: ReadonlyMap<string, number> } | Extract<Sample, { kind: 'error' }>;

const STEPS_PER_WINDOW = 60;
const noBaseline: BaselineReading = { kind: 'read', medians: new Map() };

/** An answer whose values are shares of their baseline. */
export function asShareOf(baseline: BaselineReading, observation: Observation): Observation {
  if (observation.kind === 'error') return observation;
  return {
    ...observation,
    series: observation.series.map((series) => {
      const { sample } = series;
      if (!isKnown(sample)) return series;
      if (baseline.kind === 'error') return { ...series, sample: { ...baseline, at: sample.at } };
      const median = besideSeries(baseline.medians, series);
      const isYardstick = median !== undefined && median > 0 && Number.isFinite(median);
      return { ...series, sample: isYardstick ? { ...sample, value: sample.value / median } : { kind: 'no-data', at: sample.at, reason: 'no-baseline' } };
    }),
  };
}

/** Looks up the baselines of one trigger, and remembers the newest. */
export class BaselineReader {
  readonly #trigger: Trigger;
  readonly #baseline: Baseline;
  readonly #source: Source;
  readonly #changes: ChangeMarkers;
  readonly #stepMs: number;
  #newest: { readonly endsAt: number; readonly reading: BaselineReading } | undefined;

  constructor(trigger: Trigger, baseline: Baseline, source: Source, changes: ChangeMarkers) {
    this.#trigger = trigger;
    this.#baseline = baseline;
    this.#source = source;
    this.#changes = changes;
    this.#stepMs = Math.max(trigger.intervalMs, Math.ceil(baseline.windowMs / STEPS_PER_WINDOW));
  }

  /** The baseline of each instant, in their order. Rejects only when `signal` aborts. */
  async readAll(instants: readonly number[], signal: AbortSignal): Promise<readonly BaselineReading[]> {
    const ends = instants.map((at) => this.#endsAt(at));
    const asked = [...new Set(ends.flatMap((endsAt) => endsAt ?? []))].filter((endsAt) => endsAt !== this.#newest?.endsAt).sort((a, b) => a - b);
    const readings = await this.#readWindows(asked, signal);
    if (this.#newest !== undefined) readings.set(this.#newest.endsAt, this.#newest.reading);
    const newestEndsAt = asked.at(-1);
    const newest = newestEndsAt === undefined ? undefined : readings.get(newestEndsAt);
    // What could not be read, or was not there, is asked for again next time.
    if (newestEndsAt !== undefined && newest?.kind === 'read' && newest.medians.size > 0) this.#newest = { endsAt: newestEndsAt, reading: newest };
    return ends.map((endsAt) => (endsAt === undefined ? noBaseline : (readings.get(endsAt) ?? noBaseline)));
  }

  /** When the window of the past ends. A sliding one moves in steps, so that it need not be asked for at every slot. */
  #endsAt(at: number): number | undefined {
    return this.#baseline.kind === 'offset' ? slotAtOrBefore(at - this.#baseline.offsetMs, this.#stepMs) : this.#changes.lastDeployAt(this.#trigger.target, at);
  }

  /** Windows that slide over each other are asked for in one go; those before changes each by itself. */
  async #readWindows(endsAt: readonly number[], signal: AbortSignal): Promise<Map<number, BaselineReading>> {
    const readings = new Map<number, BaselineReading>();
    const [first, last] = [endsAt[0], endsAt.at(-1)];
    if (first === undefined || last === undefined) return readings;
    const groups = this.#baseline.kind === 'offset' ? [{ from: first, to: last, ends: endsAt }] : endsAt.map((end) => ({ from: end, to: end, ends: [end] }));
    const reachMs = Math.max(0, Math.ceil(this.#baseline.windowMs / this.#stepMs) - 1) * this.#stepMs;
    for (const { from, to, ends } of groups) {
      const answers = await this.#recall(from - reachMs, to, signal);
      for (const end of ends) readings.set(end, readWindow(answers.filter(({ at }) => at >= end - reachMs && at <= end), reachMs / this.#stepMs + 1));
    }
    return readings;
  }

  async #recall(fromAt: number, toAt: number, signal: AbortSignal): Promise<readonly Observation[]> {
    try {
      return (await this.#source.history?.(this.#trigger.query, fromAt, toAt, this.#stepMs, signal)) ?? [];
    } catch (error) {
      signal.throwIfAborted();
      return [{ kind: 'error', at: toAt, reason: 'our-side', message: errorText(error) }];
    }
  }
}

function readWindow(answers: readonly Observation[], steps: number): BaselineReading {
  const failure = answers.find((answer) => answer.kind === 'error');
  if (failure !== undefined) return { ...failure, message: `the baseline could not be looked up: ${failure.message}` };
  const values = new Map<string, number[]>();
  for (const answer of answers) {
    if (answer.kind === 'error') continue;
    for (const { labels, sample } of answer.series) {
      if (!isKnown(sample)) continue;
      const key = seriesKey(labels);
      const known = values.get(key);
      if (known === undefined) values.set(key, [sample.value]);
      else known.push(sample.value);
    }
  }
  return { kind: 'read', medians: new Map([...values].flatMap(([key, known]) => (known.length >= steps / 2 ? [[key, medianOf(known)] as const] : []))) };
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}
