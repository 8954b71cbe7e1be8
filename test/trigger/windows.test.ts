import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/source/sample.js';
import type { Alert } from '../../src/trigger/alert.js';
import { evaluateTrigger } from '../../src/trigger/evaluate-trigger.js';
import { isRising, withPoint } from '../../src/trigger/trend.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { at, lettersOf, runAll, samples, startAt, states } from '../support/slot-run.js';
import { aTrigger, condition } from '../support/triggers.js';

const share = (atLeast: number, forMs = 60_000): Trigger => aTrigger({ window: { kind: 'share', forMs, atLeast } });

describe('a window that asks for a share of a time, slot by slot', () => {
  // Of one minute, at 15 s.
  it.each<[string, Trigger, string, string]>([
    ['fires when the breach adds up to the share', share(0.75), 'BBBBB', 'pppFF'],
    ['takes half of the time between a breach and an OK', share(0.75), 'BBB.BBBB', 'ppppFFFF'],
    ['lets go of what is older than the window', share(0.75), 'BB..BBBBB', 'pppppppFF'],
    ['ends a pending alert once more than the rest was clear', share(0.75), 'BB...B', 'pppp.p'],
    ['fires only on a breaching sample', share(0.6), 'BBB.B', 'ppppF'],
    ['clears at the first OK sample, and begins anew', share(0.75), 'BBBB.BBBB', 'pppF.pppF'],
    ['hold: what is unknown is no breach', share(0.75), 'BB_BBBB', 'ppppppF'],
    ['hold: NaN, stale and errors alike', share(0.75), 'BBnseBBBB', 'ppppppppF'],
    ['hold: blindness longer than the window restarts it', share(0.75), 'BBBeeeeeBBBB', 'ppppppp.pppF'],
    ['reset: restarts the window', { ...share(0.75), onNoData: 'reset' }, 'BBBnBBBB', 'ppp.pppF'],
    ['with minSamples: waits for as many breaches', { ...share(0.5), minSamples: 5 }, 'BBBBB', 'ppppF'],
  ])('%s', (_name, trigger, letters, expected) => {
    expect(states(trigger, samples(letters))).toBe(expected);
  });

  it('of nearly all the time is like `for`, but forgives a blip', () => {
    const nearlyAll = share(0.9, 300_000);
    const blip = `${'B'.repeat(10)}.${'B'.repeat(20)}`;
    // 270 s of breach are wanted: 9 whole steps, two halves, then 16 more less what has left the window.
    expect(states(nearlyAll, samples(blip))).toBe(`${'p'.repeat(19)}${'F'.repeat(12)}`);
    expect(states(aTrigger({ window: { kind: 'for', forMs: 300_000 } }), samples(blip))).toBe(`${'p'.repeat(10)}.${'p'.repeat(20)}`);
  });

  it('falls due at the very instant at which the share is reached', () => {
    const evaluations = runAll(share(0.7), { '': samples('BB.BBB') });
    // 15 + 7.5 + 7.5 + 15 s of breach at the fifth sample; 42 s are wanted, and had at 12 s after the fourth.
    expect(evaluations.map(({ dueAt }) => (dueAt === undefined ? undefined : (dueAt - startAt) / 1_000))).toEqual([42, 42, undefined, 57, undefined, undefined]);
    const due = evaluateTrigger(share(0.7), evaluations[3]!.alerts, value(57, 1), { kind: 'due', at: at(57) });
    expect(due.alerts).toMatchObject([{ state: 'firing', firedAt: at(57) }]);
  });

  it('remembers a day in two hundred stretches, and is late by no more than half a percent', () => {
    const day = share(0.6, 86_400_000);
    let alerts: readonly Alert[] = [];
    // Two of three breach: 33 1/3% of the time wholly, 66 2/3% by half.
    let firedAt: number | undefined;
    for (let slot = 0; firedAt === undefined && slot < 8_000; slot += 1) {
      const second = slot * 15;
      alerts = evaluateTrigger(day, alerts, value(second, slot % 3 === 2 ? 0 : 1), { kind: 'slot', at: at(second) }).alerts;
      expect(alerts[0]?.window.stretches?.length ?? 0).toBeLessThanOrEqual(202);
      firedAt = alerts[0]?.firedAt;
    }
    const wanted = 0.6 / (2 / 3);
    const took = ((firedAt ?? Infinity) - startAt) / 86_400_000;
    expect(took).toBeGreaterThanOrEqual(wanted - 30 / 86_400);
    expect(took).toBeLessThan(wanted + 0.005);
  });
});

describe('keepFiringFor', () => {
  const kept = (changes: Partial<Trigger> = {}): Trigger => aTrigger({ window: { kind: 'for', forMs: 0 }, keepFiringForMs: 30_000, ...changes });
  it.each<[string, Trigger, string, string]>([
    ['ends the alert once it was clear for so long', kept(), 'B...B', 'FFF.F'],
    ['begins anew with every breach', kept(), 'B..B...', 'FFFFFF.'],
    ['hold: blindness counts for nothing', kept(), 'B.ee...', 'FFFFFF.'],
    ['hold: nor does it end by blindness', kept(), `B.${'e'.repeat(20)}`, `FF${'F'.repeat(20)}`],
    ['reset: what is unknown counts as clear', kept({ onNoData: 'reset' }), 'B.nn', 'FFF.'],
    ['together with hysteresis', kept({ clearCondition: condition('< 5%') }), 'Bm.m...', 'FFFFFF.'],
  ])('%s', (_name, trigger, letters, expected) => {
    expect(states(trigger, samples(letters))).toBe(expected);
  });

  it('leaves a second breach no shorter way to firing', () => {
    expect(states(aTrigger({ window: { kind: 'for', forMs: 30_000 }, keepFiringForMs: 15_000 }), samples('BBB..BBB'))).toBe('ppFF.ppF');
  });
});

describe('minSamples', () => {
  it('delays a `for` that was seen by too few slots', () => {
    const trigger = aTrigger({ window: { kind: 'for', forMs: 30_000 }, minSamples: 5 });
    expect(states(trigger, samples('BBBBB.BBB'))).toBe('ppppF.ppp');
  });
});

describe('trend: rising', () => {
  const rising = aTrigger({ condition: condition('> 1000'), window: { kind: 'for', forMs: 300_000 }, trend: 'rising' });
  const line = (length: number, valueAt: (slot: number) => number): string => Array.from({ length }, (_, slot) => String(valueAt(slot))).join(' ');
  const firstFiring = (values: string, trigger = rising): number => states(trigger, values).indexOf('F');
  /** Noise without a pattern, the same at every run: -1 to 1. */
  const noise = (slot: number): number => ((Math.sin(slot * 12.9898) * 43_758.5453) % 1) * 2 - Math.sign(Math.sin(slot * 12.9898));

  it('fires with the window when the value grows', () => {
    expect(firstFiring(line(30, (slot) => 2_000 + slot))).toBe(20);
  });

  it('is not broken by noise', () => {
    expect(firstFiring(line(40, (slot) => 2_000 + 50 * slot + 100 * noise(slot)))).toBeLessThanOrEqual(24);
  });

  it.each<[string, (slot: number) => number]>([
    ['a value that stays', () => 5_000],
    ['a value that stays but for rounding', (slot) => 0.1 + slot * 1e-17 + 5_000],
    ['noise without growth', (slot) => 5_000 + 500 * noise(slot)],
    ['a value that falls', (slot) => 9_000 - slot],
    ['a growth that has come to rest', (slot) => 2_000 + 100 * Math.min(slot, 9)],
    ['a wave', (slot) => 5_000 + 1_000 * Math.sin(slot / 3)],
    ['an infinite value', (slot) => (slot % 20 === 3 ? Infinity : 2_000 + slot)],
  ])('is not %s', (_name, valueAt) => {
    expect(states(rising, line(400, valueAt))).toBe('p'.repeat(400));
  });

  it('is not a value that only wanders about, seen from a thousand places', () => {
    let random = 1;
    const next = (): number => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647;
    const wanders = Array.from({ length: 1_000 }, () => {
      let level = 5_000;
      let points: ReturnType<typeof withPoint> = [];
      for (let slot = 0; slot < 120; slot += 1) points = withPoint(points, { at: slot * 15_000, value: (level += next() - 0.5) }, 1_800_000);
      return isRising(points);
    });
    // Some of them do rise for a while; a fit that knows nothing of likeness says so of a quarter.
    expect(wanders.filter(Boolean).length).toBeLessThan(80);
  });

  it('begins once a plateau has turned into growth', () => {
    const fired = firstFiring(line(60, (slot) => 5_000 + 200 * Math.max(0, slot - 30) + 20 * noise(slot)));
    expect(fired).toBeGreaterThan(30);
    expect(fired).toBeLessThan(50);
  });

  it('is needed to begin to fire and not to go on', () => {
    const values = line(60, (slot) => (slot < 25 ? 2_000 + 10 * slot : slot < 50 ? 2_240 : 900));
    expect(states(rising, values)).toBe(`${'p'.repeat(20)}${'F'.repeat(30)}${'.'.repeat(10)}`);
  });

  it('is told from slots only, so that looking more often changes nothing', () => {
    const once = runAll(rising, { '': line(15, (slot) => 2_000 + slot) }).at(-1)!.alerts;
    const more = evaluateTrigger(rising, once, value(217, 2_014.5), { kind: 'due', at: at(217) });
    expect(more.alerts[0]!.window.points).toEqual(once[0]!.window.points);
  });

  it('remembers a long window in a bounded number of points', () => {
    let points: ReturnType<typeof withPoint> = [];
    for (let slot = 0; slot < 20_000; slot += 1) points = withPoint(points, { at: slot * 15_000, value: slot }, 86_400_000);
    expect(points.length).toBeLessThanOrEqual(122);
    expect(isRising(points)).toBe(true);
    expect(points.reduce((sum, { samples: count }) => sum + count, 0)).toBeGreaterThan(5_700);
  });
});

describe('what Belay withholds', () => {
  const withheld = (second: number): Observation => ({
    kind: 'vector', at: at(second), warnings: [], series: [{ labels: {}, sample: { kind: 'no-data', at: at(second), reason: 'too-little-traffic' } }],
  });
  it.each(['hold', 'reset', 'breach'] as const)('freezes the window under onNoData: %s', (onNoData) => {
    const trigger = aTrigger({ window: { kind: 'for', forMs: 15_000 }, onNoData });
    expect(lettersOf(runAll(trigger, [withheld(0), value(15, 1), withheld(30), value(45, 1), value(60, 1), withheld(75), value(90, 0)]))).toBe('.pppFF.');
  });
});

it('maxAlerts is a fuse: one series more, and the answer is an error that moves nothing', () => {
  const trigger = aTrigger({ window: { kind: 'for', forMs: 0 }, maxAlerts: 2 });
  const [two, three] = runAll(trigger, { '{pod="a"}': '1 1', '{pod="b"}': '1 1', '{pod="c"}': '_ 1' });
  expect(two!.alerts.map(({ state }) => state)).toEqual(['firing', 'firing']);
  expect(three).toMatchObject({ transitions: [], health: { health: 'err', lastObservation: { kind: 'error', message: expect.stringContaining('3 series, and the trigger may have 2 alerts') as string } } });
  expect(three!.alerts.map(({ state }) => state)).toEqual(['firing', 'firing']);
});

it('an alert as an older version stored it goes on where it was', () => {
  const stored = JSON.parse(JSON.stringify(runAll(aTrigger(), { '': '1x4' }).at(-1)!.alerts)) as Alert[];
  expect(Object.keys(stored[0]!.window).sort()).toEqual(['countedMs', 'judgedAt', 'lastBreachAt', 'streak']);
  expect(lettersOf(runAll(aTrigger({ keepFiringForMs: 30_000 }), [value(60, 1), value(75, 0), value(90, 0), value(105, 0)], stored))).toBe('FFF.');
  // The window has become another one: nothing of the old kind counts toward it.
  expect(lettersOf(runAll(share(0.5), [value(60, 1), value(75, 1), value(90, 1)], stored))).toBe('pFF');
});

function value(second: number, number: number): Observation {
  return { kind: 'vector', at: at(second), warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: at(second), value: number } }] };
}
