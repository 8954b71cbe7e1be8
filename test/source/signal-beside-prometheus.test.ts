import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPrometheusSource } from '../../src/source/prometheus-source.js';
import type { Observation } from '../../src/source/sample.js';
import type { Signal } from '../../src/source/signal.js';
import { startPrometheus, type PrometheusServer } from '../support/prometheus-server.js';
import { answerFrom } from '../support/scrapes.js';

const startAt = Date.UTC(2026, 0, 1);
const INTERVAL_MS = 5_000;
const STEPS = 120;
const BOUNDS = ['0.005', '0.05', '0.5', '5', '+Inf'];
const SERIES = ['requests_total{job="shop",status="200"}', 'requests_total{job="shop",status="404"}', 'requests_total{job="shop",status="500"}', 'requests_total{job="shop",status="503"}'];

/** The same made-up counters for both: each grows by chance and starts anew now and then. */
function madeUp(): readonly (readonly [at: number, lines: readonly string[]])[] {
  const growth = fc.sample(fc.array(fc.tuple(fc.nat(100), fc.nat(40)), { minLength: 8, maxLength: 8 }), { numRuns: STEPS, seed: 20_260_101 });
  const counts = Array<number>(8).fill(10_000_000);
  return growth.map((row, step) => {
    const lines: string[] = [];
    row.forEach(([by, chance], index) => {
      counts[index] = (chance === 0 && index < SERIES.length ? 0 : counts[index]!) + by;
    });
    SERIES.forEach((series, index) => lines.push(`${series} ${String(counts[index])}`));
    let cumulative = 0;
    BOUNDS.forEach((bound, index) => {
      cumulative += index < 4 ? counts[4 + index]! : 0;
      for (const route of ['/a', '/b']) lines.push(`took_seconds_bucket{route="${route}",le="${bound}"} ${String(cumulative * (route === '/a' ? 1 : 2))}`);
    });
    lines.push(`depth{queue="a"} ${String(row[0]?.[0] ?? 0)}`, `depth{queue="b"} ${String(row[1]?.[0] ?? 0)}`);
    return [startAt + step * INTERVAL_MS, lines] as const;
  });
}

const history = madeUp();
let prometheus: PrometheusServer;
beforeAll(async () => {
  const families = new Map<string, string[]>();
  for (const [at, lines] of history) {
    for (const line of lines) {
      const name = /^\w+/.exec(line)![0];
      families.set(name, [...(families.get(name) ?? []), `${line} ${String(at / 1000)}`]);
    }
  }
  prometheus = await startPrometheus({ openMetrics: `${[...families.values()].flat().join('\n')}\n# EOF\n` });
});
afterAll(async () => prometheus.stop());

const windowMs = 60_000;
const signals: readonly Signal[] = [
  { type: 'errorRate', metric: 'requests_total', select: { job: 'shop' }, errors: { status: '5..' }, windowMs },
  { type: 'errorRate', metric: 'requests_total', select: { status: '[45]..' }, errors: { status: '404' }, windowMs: 25_000 },
  { type: 'errorRate', metric: 'requests_total', select: {}, errors: { status: '7..' }, windowMs },
  { type: 'syncSuccess', metric: 'requests_total', select: {}, successes: { status: '200|404' }, windowMs },
  { type: 'latency', metric: 'took_seconds', select: {}, quantile: 0.95, windowMs },
  { type: 'latency', metric: 'took_seconds', select: { route: '/a' }, quantile: 0.5, windowMs: 20_000 },
  { type: 'latency', metric: 'took_seconds', select: { route: '/c' }, quantile: 0.5, windowMs },
  { type: 'queueDepth', metric: 'depth', select: {} },
  { type: 'saturation', used: 'depth', limit: 'requests_total', select: {} },
  { type: 'gauge', metric: 'depth', select: { queue: 'a|b' }, reduce: 'max' },
  { type: 'gauge', metric: 'depth', select: {}, reduce: 'avg' },
];

it.each(signals)('the scrape source and a real Prometheus agree on %j', async (signal) => {
  const source = createPrometheusSource({ type: 'prometheus', name: 'prometheus', url: prometheus.url, intervalMs: INTERVAL_MS, timeoutMs: 10_000, headers: {} });
  try {
    for (let step = 20; step < STEPS; step += 7) {
      const documents = history.slice(0, step + 1).map(([at, lines]) => [at, `${lines.join('\n')}\n`] as const);
      const ours = answerFrom(documents, signal);
      const theirs = await source.observe({ kind: 'signal', signal }, startAt + step * INTERVAL_MS, new AbortController().signal);
      expect(rounded(ours)).toEqual(rounded(theirs));
    }
  } finally {
    await source.close();
  }
});

/** The samples lie on the borders of the windows, so that Prometheus extrapolates nothing; what remains is rounding. */
function rounded(observation: Observation): unknown {
  return JSON.parse(JSON.stringify(observation, (_key, value: unknown) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value)));
}
