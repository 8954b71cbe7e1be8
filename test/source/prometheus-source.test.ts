import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/source/sample.js';
import type { Signal } from '../../src/source/signal.js';
import { createPrometheusSource } from '../../src/source/prometheus-source.js';
import type { Query, Source } from '../../src/source/source.js';
import { startPrometheus, type PrometheusServer } from '../support/prometheus-server.js';

const never = new AbortController().signal;
const startAt = Date.UTC(2026, 0, 1);
const STEP_MS = 15_000;
const STEPS = 11_000;
const endAt = startAt + STEPS * STEP_MS;

/** Counters and gauges every 15 s for almost two days; `gone` has a hole in the middle. */
function past(): string {
  const lines: string[] = [];
  const family = (name: string, type: string, series: Record<string, (step: number) => string | undefined>): void => {
    lines.push(`# TYPE ${name} ${type}`);
    for (const [labels, value] of Object.entries(series)) {
      for (let step = 0; step <= STEPS; step += 1) {
        const written = value(step);
        if (written !== undefined) lines.push(`${name}${type === 'counter' ? '_total' : ''}${labels} ${written} ${String((startAt + step * STEP_MS) / 1000)}`);
      }
    }
  };
  family('requests', 'counter', {
    '{job="shop",status="200"}': (step) => String(100_000 + step * 9),
    '{job="shop",status="500"}': (step) => String(100_000 + step),
    '{job="calm",status="200"}': (step) => String(100_000 + step),
    '{job="idle",status="200"}': () => '7',
  });
  family('depth', 'gauge', { '{queue="a"}': (step) => String(step), '{queue="b"}': () => '5' });
  family('odd', 'gauge', { '{is="nan"}': () => 'NaN', '{is="inf"}': () => '+Inf', '{is="minus"}': () => '-Inf' });
  family('gone', 'gauge', { '': (step) => (step > 5_000 && step < 6_000 ? undefined : String(step)) });
  family('twin', 'gauge', { '': () => '1' });
  return `${lines.join('\n')}\n# EOF\n`;
}

let prometheus: PrometheusServer;
let source: Source;
beforeAll(async () => {
  prometheus = await startPrometheus({ openMetrics: past() });
  source = createPrometheusSource({ type: 'prometheus', name: 'prometheus', url: `${prometheus.url}/`, intervalMs: 15_000, timeoutMs: 10_000, headers: {} });
});
afterAll(async () => {
  await source.close();
  await prometheus.stop();
});

const promql = (expr: string): Query => ({ kind: 'promql', expr });
const at = startAt + 1_000 * STEP_MS;
const ask = (query: Query, when = at): Promise<Observation> => source.observe(query, when, never);
const value = (labels: Record<string, string>, number: number): unknown => ({ labels, sample: { kind: 'value', at, value: number } });

describe('instant queries to a real Prometheus', () => {
  it('returns every series without its name, at the instant that was asked about', async () => {
    expect(await ask(promql('depth'))).toEqual({ kind: 'vector', at, series: [value({ queue: 'a' }, 1_000), value({ queue: 'b' }, 5)], warnings: [] });
    expect(await ask(promql('time()'), at + 1)).toMatchObject({ series: [{ labels: {}, sample: { at: at + 1, value: (at + 1) / 1000 } }] });
  });

  it('tells nothing, NaN and infinities apart', async () => {
    expect(await ask(promql('absent_metric'))).toEqual({ kind: 'vector', at, series: [], warnings: [] });
    const odd = await ask(promql('odd'));
    expect(odd).toMatchObject({ kind: 'vector' });
    expect(odd.kind === 'vector' && [...odd.series].sort((a, b) => (a.labels['is']! < b.labels['is']! ? -1 : 1))).toEqual([
      value({ is: 'inf' }, Infinity),
      value({ is: 'minus' }, -Infinity),
      { labels: { is: 'nan' }, sample: { kind: 'no-data', at, reason: 'nan' } },
    ]);
    expect(await ask(promql('vector(0) / 0'))).toMatchObject({ series: [{ sample: { kind: 'no-data', reason: 'nan' } }] });
  });

  it('says why a query cannot be answered', async () => {
    expect(await ask(promql('sum('))).toMatchObject({ kind: 'error', at, reason: 'query-refused', message: expect.stringContaining('parse error') as string });
    expect(await ask(promql('depth + on() depth'))).toMatchObject({ kind: 'error', reason: 'query-refused', message: expect.stringContaining('many-to-many') as string });
    expect(await ask(promql('"text"'))).toMatchObject({ kind: 'error', reason: 'wrong-type' });
    expect(await ask(promql('depth[1m]'))).toMatchObject({ kind: 'error', reason: 'wrong-type' });
    expect(await ask(promql('{__name__=~"depth|gone"}'))).toMatchObject({ kind: 'vector' });
    expect(await ask({ kind: 'health', target: 'shop' })).toMatchObject({ kind: 'error', reason: 'query-refused' });
  });

  it('takes one label set that comes twice for an error', async () => {
    // Two metrics with the same labels are two series to Prometheus, and one once the name is dropped.
    expect(await ask(promql('{__name__=~"gone|twin"}'))).toMatchObject({ kind: 'error', at, reason: 'wrong-type' });
    expect(await ask(promql('{__name__=~"gone|depth"}'))).toMatchObject({ kind: 'vector' });
  });

  it('sends a long query as well as a short one', async () => {
    const long = `depth{queue="b"} + ${'0 + '.repeat(2_000)}0`;
    expect(await ask(promql(long))).toMatchObject({ series: [value({ queue: 'b' }, 5)] });
  });
});

describe('signals', () => {
  const errorRate = (select: Record<string, string>, errors: Record<string, string>): Signal => ({ type: 'errorRate', metric: 'requests_total', select, errors, windowMs: 60_000 });
  const answerTo = async (signal: Signal): Promise<unknown> => {
    const observation = await ask({ kind: 'signal', signal });
    if (observation.kind === 'error') return observation;
    return observation.series.map(({ sample }) => (sample.kind === 'value' ? Number(sample.value.toPrecision(9)) : sample.kind === 'no-data' ? sample.reason : sample.kind));
  };

  it('are translated to PromQL that a Prometheus takes', async () => {
    expect(await answerTo(errorRate({ job: 'shop' }, { status: '5..' }))).toEqual([0.1]);
    expect(await answerTo(errorRate({ job: 'calm' }, { status: '5..' }))).toEqual([0]);
    expect(await answerTo(errorRate({ job: 'idle' }, { status: '5..' }))).toEqual(['nan']);
    expect(await answerTo(errorRate({ job: 'nobody' }, { status: '5..' }))).toEqual([]);
    expect(await answerTo({ type: 'syncSuccess', metric: 'requests_total', select: { job: 'shop' }, successes: { status: '200' }, windowMs: 60_000 })).toEqual([0.9]);
    expect(await answerTo({ type: 'queueDepth', metric: 'depth', select: {} })).toEqual([1_005]);
    expect(await answerTo({ type: 'gauge', metric: 'depth', select: { queue: 'a|b' }, reduce: 'min' })).toEqual([5]);
    expect(await answerTo({ type: 'gauge', metric: 'depth', select: { queue: 'a' }, reduce: 'avg' })).toEqual([1_000]);
    expect(await answerTo({ type: 'saturation', used: 'depth', limit: 'depth', select: {} })).toEqual([1]);
  });

  it('quote whatever a label value holds', async () => {
    for (const hostile of ['a"} or vector(1) or x{y="', 'plain" or vector(1) #', 'back\\slash and\nnew line', '\u0000\u2028ü']) {
      expect(await answerTo({ type: 'queueDepth', metric: 'depth', select: { queue: hostile } })).toEqual([]);
    }
    expect(await answerTo({ type: 'queueDepth', metric: 'depth', select: { queue: '(' } })).toMatchObject({ kind: 'error', reason: 'query-refused' });
    expect(await answerTo({ type: 'queueDepth', metric: 'depth{} or vector(1) or depth', select: {} })).toEqual([]);
    expect(await answerTo({ type: 'queueDepth', metric: 'depth', select: { 'a=""} or depth{b': '' } })).toMatchObject({ kind: 'error', reason: 'query-refused' });
  });
});

describe('history', () => {
  const history = (query: Query, fromAt: number, toAt: number, stepMs: number): Promise<readonly Observation[]> => source.history!(query, fromAt, toAt, stepMs, never);

  it('has one answer per step, more of them than one request may ask for, and empty ones where there was nothing', async () => {
    const all = await history(promql('gone'), startAt, endAt, STEP_MS);
    expect(all).toHaveLength(STEPS + 1);
    expect(all.every((observation, index) => observation.at === startAt + index * STEP_MS)).toBe(true);
    for (const step of [0, 9_999, 10_000, STEPS]) expect(all[step]).toMatchObject({ kind: 'vector', series: [{ labels: {}, sample: { kind: 'value', value: step } }] });
    // Prometheus looks back for five minutes.
    expect(all[5_500]).toEqual({ kind: 'vector', at: startAt + 5_500 * STEP_MS, series: [], warnings: [] });
  });

  it('answers what an instant query answers, at instants of any milliseconds', async () => {
    const from = at + 123;
    const ranged = await history(promql('odd'), from, from + 2_500, 1_001);
    expect(ranged.map((observation) => observation.at)).toEqual([from, from + 1_001, from + 2_002]);
    for (const observation of ranged) {
      expect(observation).toMatchObject({ kind: 'vector' });
      const instant = await ask(promql('odd'), observation.at);
      expect(new Set(observation.kind === 'vector' ? observation.series.map((series) => JSON.stringify(series)) : [])).toEqual(
        new Set(instant.kind === 'vector' ? instant.series.map((series) => JSON.stringify(series)) : []),
      );
    }
  });

  it('is an error at every step when the query is refused', async () => {
    const refused = await history(promql('sum('), at, at + 30_000, STEP_MS);
    expect(refused.map((observation) => observation.kind === 'error' && observation.reason)).toEqual(['query-refused', 'query-refused', 'query-refused']);
  });
});
