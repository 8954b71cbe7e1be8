/** Baselines, traffic, trends and rates of events as a real Prometheus tells of them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPrometheusSource } from '../../src/source/prometheus-source.js';
import type { Observation } from '../../src/source/sample.js';
import type { Source } from '../../src/source/source.js';
import { sourceOf } from '../../src/trigger/trigger-source.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { startPrometheus, type PrometheusServer } from '../support/prometheus-server.js';
import { runAll } from '../support/slot-run.js';
import { aTrigger, condition } from '../support/triggers.js';

const INTERVAL_MS = 15_000;
const MINUTE_MS = 60_000;
/** Noon: the instant to which the past below leads up, and at which there is a deployment. */
const noonAt = Date.UTC(2026, 0, 10, 12);
const at = (minute: number): number => noonAt + minute * MINUTE_MS;

/** A sample of each series every 15 s, from two hours before noon to one after it. */
function past(): string {
  const lines: string[] = [];
  const series = (name: string, type: string, valueAt: (minute: number) => number): void => {
    lines.push(`# TYPE ${name} ${type}`);
    for (let when = at(-120); when <= at(60); when += INTERVAL_MS) {
      lines.push(`${name}${type === 'counter' ? '_total' : ''} ${valueAt((when - noonAt) / MINUTE_MS)} ${when / 1_000}`);
    }
  };
  // Slower from the deployment on, and only slightly so for the first ten minutes.
  series('latency', 'gauge', (minute) => (minute < 0 ? 0.2 : minute < 10 ? 0.25 : 0.4));
  series('requests', 'counter', (minute) => 60 * (minute < 20 ? minute + 120 : 140));
  series('queue', 'gauge', (minute) => (minute < 0 ? 1_500 + 10 * Math.sin(minute) : 1_500 + 20 * minute + 50 * Math.sin(minute * 7)));
  // A crash every twenty minutes, and from noon on every five.
  series('crashes', 'counter', (minute) => Math.floor((minute + 120) / 20) + (minute > 0 ? Math.floor(minute / 5) : 0));
  return `${lines.join('\n')}\n# EOF\n`;
}

const never = new AbortController().signal;
let server: PrometheusServer;
let source: Source;

beforeAll(async () => {
  server = await startPrometheus({ openMetrics: past() });
  source = createPrometheusSource({ type: 'prometheus', name: 'prometheus', url: server.url, intervalMs: INTERVAL_MS, timeoutMs: 10_000, headers: {} });
}, 40_000);

afterAll(async () => {
  await source.close();
  await server.stop();
});

const asking = (expr: string, changes: Partial<Trigger>): Trigger => aTrigger({ source: 'prometheus', query: { kind: 'promql', expr }, queryText: expr, ...changes });

/** How the trigger's alert moves, by minutes from noon: from answers slot by slot, and the same from the source's history. */
async function story(trigger: Trigger, fromMinute: number, toMinute: number): Promise<readonly string[]> {
  const asked = sourceOf(trigger, source, { lastDeployAt: (_target, now) => (now >= noonAt ? noonAt : undefined) });
  const live: Observation[] = [];
  for (let when = at(fromMinute); when <= at(toMinute); when += INTERVAL_MS) live.push(await asked.observe(trigger.query, when, never));
  const told = (observations: readonly Observation[]): string[] =>
    runAll(trigger, observations).flatMap(({ transitions }) => transitions.map(({ at: when, to }) => `${Math.round(((when - noonAt) / MINUTE_MS) * 100) / 100} ${to}`));
  const remembered = (await asked.history?.(trigger.query, at(fromMinute), at(toMinute), INTERVAL_MS, never)) ?? [];
  expect(told(remembered)).toEqual(told(live));
  return told(live);
}

it('a service that is half as slow again as in the hour before the deployment', async () => {
  const slower = asking('latency', { condition: { ...condition('> 150%'), text: '> 150% of baseline' }, baseline: { kind: 'before-change', windowMs: 60 * MINUTE_MS }, window: { kind: 'for', forMs: 5 * MINUTE_MS } });
  expect(await story(slower, -5, 16)).toEqual(['10 pending', '15 firing']);
});

it('the same, held against the hour that ended an hour ago', async () => {
  const slower = asking('latency', { condition: { ...condition('> 150%'), text: '> 150% of baseline' }, baseline: { kind: 'offset', offsetMs: 60 * MINUTE_MS, windowMs: 30 * MINUTE_MS }, window: { kind: 'for', forMs: 5 * MINUTE_MS } });
  expect(await story(slower, 5, 16)).toEqual(['10 pending', '15 firing']);
});

it('says nothing once nobody asks the service any more', async () => {
  const slow = asking('latency', { condition: condition('> 300ms'), minTraffic: { query: { kind: 'promql', expr: 'rate(requests_total[1m])' }, atLeast: 0.5 }, window: { kind: 'for', forMs: 15 * MINUTE_MS } });
  // It has breached since minute 10, and traffic ends at minute 20: the window waits, and begins anew after its length.
  expect(await story(slow, 5, 40)).toEqual(['10 pending', '35.75 inactive']);
  const answer = await sourceOf(slow, source).observe(slow.query, at(30), never);
  expect(answer).toMatchObject({ series: [{ sample: { kind: 'no-data', reason: 'too-little-traffic' } }] });
});

it('a queue over 1000 that grows, and not one that only stands there', async () => {
  const grows = asking('queue', { condition: condition('> 1000'), trend: 'rising', window: { kind: 'for', forMs: 30 * MINUTE_MS } });
  expect(await story(grows, -60, -1)).toEqual(['-60 pending']);
  const [begun, fired = ''] = await story(grows, -30, 40);
  expect(begun).toBe('-30 pending');
  // Not before it has grown for a while, and not later than when it has grown for the whole window.
  expect(fired).toMatch(/firing$/);
  expect(parseFloat(fired)).toBeGreaterThan(5);
  expect(parseFloat(fired)).toBeLessThan(30);
});

it('crashes more often than every half an hour, as the increase of a counter', async () => {
  const crashes = asking('increase(crashes_total[30m])', { condition: condition('> 2.5'), window: { kind: 'for', forMs: 0 } });
  const told = await story(crashes, -20, 20);
  expect(told).toHaveLength(1);
  expect(parseFloat(told[0] ?? '')).toBeGreaterThan(0);
});
