import { errorObservation } from '../source/observation.js';
import type { Labels, Observation, SeriesSample } from '../source/sample.js';
import { ScrapeMemory } from '../source/scrape-memory.js';
import { evaluateSignal, windowOf } from '../source/signal-window.js';
import type { Signal } from '../source/signal.js';
import type { SourceSettings } from '../source/source-settings.js';
import type { Query, Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import { slotAfter } from '../time/slots.js';
import type { ErrorWord } from './scenario.js';
import type { ScriptedWorld } from './scripted-world.js';

export interface ScriptedSourcePorts {
  readonly world: ScriptedWorld;
  readonly clock: Clock;
  /** A real server that answers what the scenario does not. */
  readonly engine?: Source | undefined;
}

const LIMITS = { maxSeries: 10_000, maxSamples: 5_000_000 };
/** How far back a Prometheus can still be asked about signals: longer than any window that a gap may have to fill. */
const LOOK_BACK_MS = 3_600_000;

/**
 * Stands in for a configured source. Results that the scenario writes down are given as they are; signals are answered
 * by the product's own code from scrapes of the scenario's series; all else by the engine, or it is empty.
 */
export function createScriptedSource(settings: SourceSettings, { world, clock, engine }: ScriptedSourcePorts): Source {
  const { name, type, intervalMs, timeoutMs } = settings;
  const scraped = type === 'scrape';
  const memory = new ScrapeMemory(scraped ? 2 * intervalMs : LOOK_BACK_MS, LIMITS);
  let nextScrapeAt = slotAfter(clock.now() - 1, intervalMs);
  let newestAt = -Infinity;

  /** A scraped endpoint is remembered by Belay itself, so what it could not reach is lost; a Prometheus scrapes on meanwhile. */
  function scrapeUpTo(at: number): void {
    for (; nextScrapeAt <= at; nextScrapeAt += intervalMs) scrape(nextScrapeAt);
    if (scraped && at > newestAt) scrape(at);
  }

  function scrape(at: number): void {
    if (scraped && world.error(name, at) !== 'ok') return;
    memory.add(at, world.metrics(at));
    newestAt = at;
  }

  function signalAt(signal: Signal, at: number): Observation {
    const lastAt = memory.window(-Infinity, at).at(-1)?.at ?? at;
    return evaluateSignal(signal, memory.window(lastAt - windowOf(signal), lastAt), at);
  }

  function answer(query: Query, at: number): Observation | undefined {
    const series = world.result(query, at);
    if (series !== undefined) return { kind: 'vector', at, series, warnings: [] };
    if (query.kind === 'alerts') {
      const alerts = world.alerts(query.match, at);
      if (alerts === undefined) return undefined;
      const one = (labels: Labels, value: number): SeriesSample => ({ labels, sample: { kind: 'value', at, value } });
      return { kind: 'vector', at, series: query.each ? alerts.map((labels) => one(labels, 1)) : [one({}, alerts.length)], warnings: [] };
    }
    if (query.kind !== 'signal' || engine !== undefined) return undefined;
    memory.want(query.signal);
    scrapeUpTo(Math.min(at, clock.now()));
    return signalAt(query.signal, at);
  }

  return {
    name,
    intervalMs,

    async observe(query, at, signal) {
      signal.throwIfAborted();
      const error = world.error(name, clock.now());
      if (error === 'timeout') await clock.sleepUntil(clock.now() + timeoutMs, signal);
      if (error !== 'ok') return failure(error, name, at);
      return answer(query, at) ?? (engine === undefined ? { kind: 'vector', at, series: [], warnings: [] } : engine.observe(query, at, signal));
    },

    ...(scraped
      ? {}
      : {
          async history(query, fromAt, toAt, stepMs, signal) {
            const instants = Array.from({ length: Math.max(0, Math.floor((toAt - fromAt) / stepMs) + 1) }, (_, index) => fromAt + index * stepMs);
            const error = world.error(name, clock.now());
            if (error !== 'ok') return instants.map((at) => failure(error, name, at));
            const answers = instants.flatMap((at) => answer(query, at) ?? []);
            return answers.length === 0 ? ((await engine?.history?.(query, fromAt, toAt, stepMs, signal)) ?? []) : answers;
          },
        } satisfies Pick<Source, 'history'>),

    async close() {
      await engine?.close();
    },
  };
}

function failure(error: Exclude<ErrorWord, 'ok'>, source: string, at: number): Observation {
  return errorObservation(at, error, `${source} fails in the scenario (${error})`);
}
