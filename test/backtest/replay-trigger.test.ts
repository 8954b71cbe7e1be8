import { describe, expect, it } from 'vitest';
import type { HistoryBatch } from '../../src/backtest/history.js';
import { replayTrigger, type TriggerReplay } from '../../src/backtest/replay-trigger.js';
import { summarize, type TriggerSummary } from '../../src/backtest/backtest-summary.js';
import type { Observation } from '../../src/source/sample.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { scriptedObservations } from '../support/scripted-source.js';
import { aTrigger, condition } from '../support/triggers.js';

const STEP_MS = 15_000;
const startAt = 1_800_000_000_000;
const tick = (index: number): number => startAt + index * STEP_MS;

/** The trigger: `> 0.1` for a minute, which is four steps. */
async function replay(series: Readonly<Record<string, string>>, changes: Partial<Trigger> = {}, batchSize = 3): Promise<TriggerReplay> {
  const all = scriptedObservations(series, { startAt, intervalMs: STEP_MS });
  return replayTrigger(aTrigger(changes), { stepMs: STEP_MS, batches: inBatches(all, batchSize) });
}

async function* inBatches(all: readonly Observation[], size: number): AsyncGenerator<HistoryBatch> {
  for (let from = 0; from < all.length; from += size) yield { observations: all.slice(from, from + size), share: Math.min(1, (from + size) / all.length) };
}

function summaryOf(replayed: TriggerReplay): TriggerSummary {
  const decisions = new Map(replayed.firings.map((firing) => [firing, { kind: 'execute' as const, reason: 'sustained-breach' as const, at: firing.firedAt, mode: 'enforce' as const, needsHuman: false, explanation: '', evidence: [], rules: [], policy: [], alternatives: [] }]));
  const [summary] = summarize({ replays: [replayed], decisions, left: [], failed: [] }).triggers;
  if (summary === undefined) throw new Error('no summary');
  return summary;
}

describe('what would have fired', () => {
  it('from the first breach, to the tick at which the window is full, to the first clear one', async () => {
    const { firings, pending } = await replay({ '': '0.05x2 0.2x3 0.4 0.3x3 0.05x2' });
    expect(firings).toMatchObject([{ activeAt: tick(2), firedAt: tick(6), clearedAt: tick(9), toAt: tick(9), worst: 0.3 }]);
    expect(pending).toMatchObject([{ fromAt: tick(2), toAt: tick(6), fired: true }]);
  });

  it('does not depend on how the past comes in pieces', async () => {
    const series = { '': '0.05x5 0.2x9 0.05 0.2x3 _x3 0.2x8 nan 0.05x4' };
    const { firings, pending } = await replay(series, {}, 1);
    for (const size of [2, 7, 1_000]) expect(await replay(series, {}, size)).toMatchObject({ firings, pending });
  });

  it('each series for itself, in the order of firing', async () => {
    const { firings } = await replay({ '{pod="a"}': '0.05x3 0.2x8', '{pod="b"}': '0.2x6 0.05x5' });
    expect(firings.map(({ alert, firedAt, clearedAt }) => [alert.labels['pod'], firedAt, clearedAt])).toEqual([['b', tick(4), tick(6)], ['a', tick(7), undefined]]);
  });

  it('several times, and goes on at the end', async () => {
    const replayed = await replay({ '': '0.2x6 0x2 0.2x7' });
    expect(replayed.firings).toMatchObject([{ firedAt: tick(4), clearedAt: tick(6) }, { firedAt: tick(12), toAt: tick(14) }]);
    expect(replayed.firings[1]?.clearedAt).toBeUndefined();
    expect(summaryOf(replayed)).toMatchObject({ firingMs: 4 * STEP_MS, firings: [{ clearedAt: tick(6) }, { clearedAt: null, durationMs: 2 * STEP_MS }] });
  });

  it('ends with its series where the policy says so', async () => {
    const { firings } = await replay({ '': '0.2x6 _x3' }, { onNoData: 'reset' });
    expect(firings).toMatchObject([{ firedAt: tick(4), clearedAt: tick(6) }]);
  });

  it('by the step, not by the interval of the source', async () => {
    const { firings } = await replay({ '': '0.2x9' }, { intervalMs: 1_000 });
    expect(firings).toMatchObject([{ firedAt: tick(4) }]);
    const counted = await replay({ '': '0.2x9' }, { intervalMs: 1_000, window: { kind: 'consecutive', count: 3 } });
    expect(counted.firings).toMatchObject([{ firedAt: tick(2) }]);
  });
});

describe('what came near', () => {
  it('is the breach that filled most of its window', async () => {
    const summary = summaryOf(await replay({ '': '0.2x3 0x2 0.2x4 0 0.2x2 0' }));
    expect(summary.firings).toEqual([]);
    expect(summary.longestPending).toEqual({ fromAt: tick(5), toAt: tick(9), labels: {}, windowShare: 0.75 });
  });

  it('of a `consecutive` window by the samples', async () => {
    const summary = summaryOf(await replay({ '': '0.2x3 0x2 0.2 0' }, { window: { kind: 'consecutive', count: 5 } }));
    expect(summary.longestPending).toMatchObject({ windowShare: 0.6 });
  });

  it('is the highest value as a share of the threshold', async () => {
    expect(summaryOf(await replay({ '': '0.02 0.08 0.03' })).extreme).toEqual({ at: tick(1), value: 0.08, text: '0.08', labels: {}, share: expect.closeTo(0.8) as unknown });
  });

  it('is the lowest value where low is bad', async () => {
    const summary = summaryOf(await replay({ '{pod="a"}': '0.99x3', '{pod="b"}': '0.99 0.96 0.98' }, { condition: condition('< 95%') }));
    expect(summary.extreme).toMatchObject({ at: tick(1), text: '96%', labels: { pod: 'b' } });
    expect(summary.extreme?.share).toBeCloseTo(0.96 / 0.95);
  });

  it('is nothing where no value is nearer than another', async () => {
    expect(summaryOf(await replay({ '': '1x3' }, { condition: condition('== 0') })).extreme).toBeNull();
  });
});

describe('what was not known', () => {
  it('is counted, and the source’s words are kept', async () => {
    const summary = summaryOf(await replay({ '': '0.05x4 err nan _ 0.05' }));
    expect(summary).toMatchObject({ ticks: 8, unknownShare: 3 / 8, faults: ['connect ECONNREFUSED'] });
  });

  it('may be everything', async () => {
    const replayed = await replay({ '': '_x3' });
    expect(replayed).toMatchObject({ ticks: 3, unknownTicks: 3, firings: [], lines: [] });
    const nothing = await replayTrigger(aTrigger(), { stepMs: STEP_MS, batches: inBatches([], 1) });
    expect(summaryOf(nothing)).toMatchObject({ ticks: 0, unknownShare: 0, firingsPerWeek: 0, fromAt: null, toAt: null, extreme: null, longestPending: null });
  });
});

it('needs as much memory for the drawing of a month as for that of a day', async () => {
  const ticks = 172_800;
  const all = Array.from({ length: ticks }, (_, index): Observation => ({ kind: 'vector', at: tick(index), warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: tick(index), value: index === 77_777 ? 0.09 : 0.01 } }] }));
  const { lines } = await replayTrigger(aTrigger(), { stepMs: STEP_MS, batches: inBatches(all, 10_000) });
  const points = lines[0]?.points ?? [];
  expect(points.length).toBeGreaterThan(1_200);
  expect(points.length).toBeLessThanOrEqual(4_096);
  expect(Math.max(...points.map(({ max }) => max))).toBe(0.09);
  expect([points[0]?.fromAt, points.at(-1)?.toAt]).toEqual([tick(0), tick(ticks - 1)]);
});
