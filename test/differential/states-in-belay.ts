import { createPrometheusSource } from '../../src/source/prometheus-source.js';
import type { Labels, Observation } from '../../src/source/sample.js';
import type { Alert, AlertState } from '../../src/trigger/alert.js';
import { evaluateTrigger } from '../../src/trigger/evaluate-trigger.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { remoteWrite, type WrittenSample } from '../support/remote-write.js';
import type { RawPoint } from './random-case.js';
import { STEP_MS, TICKS } from './random-case.js';
import { prometheusSource } from './rules-in-prometheus.js';

export const STARTED_AT = Date.UTC(2026, 0, 1);

export interface RawSeries {
  readonly labels: Labels;
  readonly points: readonly RawPoint[];
}

/** Puts raw series into a real Prometheus, one scrape per tick. */
export async function writeRaw(prometheusUrl: string, series: readonly RawSeries[]): Promise<void> {
  await remoteWrite(
    prometheusUrl,
    series.map(({ labels, points }) => ({ labels, samples: points.flatMap((point, tick) => sampleOf(point, STARTED_AT + tick * STEP_MS)) })),
  );
}

function sampleOf(point: RawPoint, at: number): readonly WrittenSample[] {
  if (point === 'missing') return [];
  const words = { stale: 'stale', nan: NaN, inf: Infinity, '-inf': -Infinity } as const;
  return [{ at, value: typeof point === 'number' ? point : words[point] }];
}

/** What a real Prometheus answers to a trigger's query, tick by tick. */
export async function answersOf(prometheusUrl: string, trigger: Trigger): Promise<readonly Observation[]> {
  const source = createPrometheusSource({ ...prometheusSource, url: prometheusUrl });
  try {
    return (await source.history?.(trigger.query, STARTED_AT, STARTED_AT + (TICKS - 1) * STEP_MS, STEP_MS, new AbortController().signal)) ?? [];
  } finally {
    await source.close();
  }
}

/** The state of each alert of a trigger after each tick, by what tells its series apart. */
export function statesOf(trigger: Trigger, answers: readonly Observation[], keyOf: (labels: Labels) => string, keys: readonly string[]): ReadonlyMap<string, readonly AlertState[]> {
  const states = new Map<string, AlertState[]>(keys.map((key) => [key, []]));
  let alerts: readonly Alert[] = [];
  for (const answer of answers) {
    ({ alerts } = evaluateTrigger(trigger, alerts, answer, { kind: 'slot', at: answer.at }));
    const now = new Map(alerts.map((alert) => [keyOf(alert.labels), alert.state]));
    for (const [key, sofar] of states) sofar.push(now.get(key) ?? 'inactive');
  }
  return states;
}
