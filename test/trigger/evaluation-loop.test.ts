import { afterEach, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/source/sample.js';
import type { Source } from '../../src/source/source.js';
import type { Clock } from '../../src/time/clock.js';
import type { Alert } from '../../src/trigger/alert.js';
import { createEvaluationLoop, type EvaluationLoop, type EvaluationResult } from '../../src/trigger/evaluation-loop.js';
import { fingerprintOf } from '../../src/trigger/fingerprint.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { FakeClock } from '../support/fake-clock.js';
import { ScriptedSource, type Script } from '../support/scripted-source.js';
import { aTrigger } from '../support/triggers.js';

const startAt = Date.UTC(2026, 0, 1);
const INTERVAL_MS = 15_000;
const at = (second: number): number => startAt + second * 1_000;
const seconds = (instant: number): number => (instant - startAt) / 1_000;
const forSeconds = (second: number): Partial<Trigger> => ({ window: { kind: 'for', forMs: second * 1_000 } });

interface Watch {
  readonly loop: EvaluationLoop;
  readonly clock: FakeClock;
  readonly results: EvaluationResult[];
  /** `second from → to` of each transition, with the second at which it was heard of. */
  readonly heard: string[];
  readonly missed: number[];
  readonly faults: unknown[];
}

const watches: Watch[] = [];

interface Options {
  readonly trigger?: Trigger;
  readonly alerts?: readonly Alert[];
  readonly clock?: FakeClock;
  readonly loopClock?: Clock;
  readonly onEvaluated?: (result: EvaluationResult) => Promise<void>;
}

function watch(source: Source, { trigger = aTrigger(), alerts = [], clock = new FakeClock(startAt), loopClock = clock, onEvaluated }: Options = {}): Watch {
  const results: EvaluationResult[] = [];
  const heard: string[] = [];
  const missed: number[] = [];
  const faults: unknown[] = [];
  const loop = createEvaluationLoop({
    trigger,
    source,
    clock: loopClock,
    alerts,
    onEvaluated: async (result) => {
      results.push(result);
      await onEvaluated?.(result);
      heard.push(...result.transitions.map((transition) => `${seconds(transition.at)} ${transition.from} → ${transition.to} (heard ${seconds(clock.now())})`));
    },
    onMissedTicks: (count) => missed.push(count),
    onFault: (error) => faults.push(error),
  });
  const watched = { loop, clock, results, heard, missed, faults };
  watches.push(watched);
  loop.start();
  return watched;
}

afterEach(async () => {
  const ended = watches.splice(0);
  await Promise.all(ended.map(({ loop }) => loop.stop()));
  for (const { clock } of ended) expect(clock.sleeping).toBe(0);
});

const script = (series: string, changes: Partial<Script> = {}): ScriptedSource => new ScriptedSource({ startAt, intervalMs: INTERVAL_MS, series: { '': series }, ...changes });

describe('the loop', () => {
  it('asks about the slots, wherever it starts', async () => {
    const source = script('0');
    const clock = new FakeClock(at(3.2));
    watch(source, { clock });
    await clock.advanceTo(at(50));
    expect(source.asked.map(seconds)).toEqual([15, 30, 45]);
  });

  it('asks at once when it starts on a slot', async () => {
    const source = script('0');
    const { clock } = watch(source);
    await clock.advance(0);
    expect(source.asked.map(seconds)).toEqual([0]);
  });

  it('wakes to the millisecond at which the window falls due, and fires then', async () => {
    const source = script('0 1');
    const { clock, heard } = watch(source, { trigger: aTrigger({ window: { kind: 'for', forMs: 40_001 } }) });
    await clock.advanceTo(at(70));
    expect(source.asked.map(seconds)).toEqual([0, 15, 30, 45, 55.001, 60]);
    expect(heard).toEqual(['15 inactive → pending (heard 15)', '55.001 pending → firing (heard 55.001)']);
  });

  it('asks once where the window falls due on a slot', async () => {
    const source = script('1');
    const { clock } = watch(source);
    await clock.advanceTo(at(80));
    expect(source.asked.map(seconds)).toEqual([0, 15, 30, 45, 60, 75]);
  });

  it('never overlaps itself, and counts the slots that a slow source costs', async () => {
    const clock = new FakeClock(startAt);
    const source = script('1', { answerAfterMs: 40_000, clock });
    const { results, missed } = watch(source, { clock });
    await clock.advanceTo(at(130));
    expect(source.mostAtOnce).toBe(1);
    expect(source.asked.map(seconds)).toEqual([0, 30, 75, 120]);
    expect(missed).toEqual([1, 2, 2]);
    expect(results.map(({ tick }) => seconds(tick.at))).toEqual([0, 30, 75]);
  });

  it('goes on when its results cannot be taken, and gives their transitions again', async () => {
    let failing = true;
    const { clock, heard, faults } = watch(script('0 1'), {
      trigger: aTrigger(forSeconds(15)),
      onEvaluated: async () => {
        if (failing) throw new Error('the store is away');
      },
    });
    await clock.advanceTo(at(40));
    expect(faults.map(String)).toEqual(Array(3).fill('Error: the store is away'));
    failing = false;
    await clock.advanceTo(at(60));
    expect(heard).toEqual(['15 inactive → pending (heard 45)', '30 pending → firing (heard 45)']);
  });

  it('takes a source that breaks its promise for one that could not be asked, and others go on', async () => {
    const broken: Source = { name: 'broken', intervalMs: INTERVAL_MS, observe: () => Promise.reject(new Error('a fault of the source')), close: () => Promise.resolve() };
    const clock = new FakeClock(startAt);
    const one = watch(broken, { clock });
    const other = watch(script('0'), { clock });
    await clock.advanceTo(at(30));
    expect(one.faults).toHaveLength(3);
    expect(one.loop.health).toMatchObject({ health: 'err', lastObservation: { reason: 'our-side', message: 'a fault of the source' } });
    expect(other.results).toHaveLength(3);
  });

  it('restores alerts and goes on with their windows', async () => {
    const first = watch(script('1'));
    await first.clock.advanceTo(at(35));
    await first.loop.stop();
    const stored = JSON.parse(JSON.stringify(first.loop.alerts)) as Alert[];
    const { clock, heard } = watch(script('1'), { clock: new FakeClock(at(36)), alerts: stored });
    await clock.advanceTo(at(70));
    expect(heard).toEqual(['60 pending → firing (heard 60)']);
  });

  it('goes on at the slots of the new time when the clock is set back by hours', async () => {
    const clock = new FakeClock(startAt);
    let setBackMs = 0;
    // As the real clock does: a sleep lasts no longer than was left when it began.
    const stepped: Clock = { now: () => clock.now() - setBackMs, elapsedMs: () => clock.now(), sleepUntil: (until, signal) => clock.sleepUntil(until + setBackMs, signal) };
    const source = script('1', { startAt: startAt - 86_400_000 });
    const { results } = watch(source, { clock, loopClock: stepped });
    await clock.advanceTo(at(40));
    setBackMs = 7_200_000;
    await clock.advanceTo(at(180));
    expect(source.asked.map(seconds)).toEqual([0, 15, 30, -7_140, -7_125, -7_110, -7_095, -7_080, -7_065, -7_050, -7_035, -7_020]);
    expect(results.map(({ alerts }) => alerts[0]?.state)).toEqual([...Array<string>(9).fill('pending'), 'firing', 'firing', 'firing']);
  });

  it('does so, too, when the clock is set back while the source is asked', async () => {
    const clock = new FakeClock(startAt);
    let setBackMs = 0;
    const stepped: Clock = { now: () => clock.now() - setBackMs, elapsedMs: () => clock.now(), sleepUntil: (until, signal) => clock.sleepUntil(until + setBackMs, signal) };
    const source = script('1', { startAt: startAt - 86_400_000, answerAfterMs: 1_000, clock });
    watch(source, { clock, loopClock: stepped });
    await clock.advanceTo(at(30) + 500);
    setBackMs = 7_200_000;
    await clock.advanceTo(at(80));
    expect(source.asked.map(seconds)).toEqual([0, 15, 30, -7_155, -7_140, -7_125]);
  });
});

describe('stop', () => {
  it('aborts the question in hand', async () => {
    const clock = new FakeClock(startAt);
    const source = script('1', { answerAfterMs: 600_000, clock });
    const { loop, results, faults } = watch(source, { clock });
    await clock.advance(1_000);
    await loop.stop();
    expect(clock.sleeping).toBe(0);
    await clock.advance(3_600_000);
    expect(source.asked).toHaveLength(1);
    expect([results, faults]).toEqual([[], []]);
  });

  it('waits until a result that is being taken has been', async () => {
    const done: string[] = [];
    let finish = (): void => undefined;
    const { loop, clock } = watch(script('1'), {
      onEvaluated: () =>
        new Promise((resolve) => {
          finish = () => {
            done.push('taken');
            resolve();
          };
        }),
    });
    await clock.advance(0);
    const stopped = loop.stop().then(() => done.push('stopped'));
    await clock.advance(0);
    finish();
    await stopped;
    expect(done).toEqual(['taken', 'stopped']);
  });
});

describe('ask', () => {
  const fingerprint = fingerprintOf('CheckoutErrorRateHigh', {});

  it('asks the source now, and leaves the window as it was', async () => {
    const source = script('1 1 1 0 err', { stepMs: 5_000 });
    const { loop, clock, results } = watch(source);
    await clock.advanceTo(at(7));
    const { alerts } = loop;
    expect(await loop.ask([fingerprint, 'another'])).toEqual(new Map([[fingerprint, 'breaching'], ['another', 'unknown']]));
    expect(source.asked.at(-1)).toBe(at(7));
    expect(loop.alerts).toBe(alerts);
    expect(results).toHaveLength(1);
    await clock.advanceTo(at(18));
    expect((await loop.ask([fingerprint])).get(fingerprint)).toBe('clear');
    await clock.advanceTo(at(22));
    expect((await loop.ask([fingerprint])).get(fingerprint)).toBe('unknown');
  });

  it('waits for the evaluation in hand', async () => {
    const clock = new FakeClock(startAt);
    const source = script('1', { answerAfterMs: 5_000, clock });
    const { loop, results } = watch(source, { clock });
    await clock.advance(1_000);
    const answer = loop.ask([fingerprint]);
    await clock.advance(10_000);
    expect((await answer).get(fingerprint)).toBe('breaching');
    expect([source.mostAtOnce, results.length]).toEqual([1, 1]);
    expect(source.asked.map(seconds)).toEqual([0, 5]);
  });

  it('ends with the loop, and with its own signal', async () => {
    const clock = new FakeClock(startAt);
    const { loop } = watch(script('1', { answerAfterMs: 60_000, clock }), { clock });
    const controller = new AbortController();
    await clock.advance(1_000);
    const given = loop.ask([fingerprint], controller.signal);
    controller.abort(new Error('no longer wanted'));
    const stopped = loop.ask([fingerprint]);
    const outcomes = Promise.allSettled([given, stopped]);
    await loop.stop();
    expect(await outcomes).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    await expect(loop.ask([fingerprint])).rejects.toThrow();
  });
});

describe('a closer look at when a breach began', () => {
  /** One token per quarter second. OK until `onset`, then breaching. */
  const breachFrom = (second: number): string => `0x${second * 4} 1`;
  const closely = (series: string, remembers = series): ScriptedSource => script(series, { stepMs: 250, remembers: { '': remembers } });
  const forty = aTrigger(forSeconds(40));

  it('counts from the first sample that is known to breach, and not from the slot that saw it', async () => {
    const source = closely(breachFrom(20));
    const { clock, heard, results } = watch(source, { trigger: forty });
    await clock.advanceTo(at(70));
    expect(source.askedAboutPast).toEqual([
      { fromAt: at(15), toAt: at(30), stepMs: 750 },
      { fromAt: at(19.5), toAt: at(20.25), stepMs: 38 },
      { fromAt: at(19.994), toAt: at(20.032), stepMs: 5 },
    ]);
    // Of the last look's steps the first one in the breach.
    expect(heard).toEqual(['30 inactive → pending (heard 30)', '60.004 pending → firing (heard 60.004)']);
    expect(results.at(-1)?.alerts[0]).toMatchObject({ activeAt: at(20.004), firedAt: at(60.004) });
  });

  it('counts no more than up to the newest sample, where that is older than the look', async () => {
    const source = closely(breachFrom(20));
    const behind: Source = { name: source.name, intervalMs: source.intervalMs, observe: (query, askedAt, signal) => source.observe(query, askedAt - 6_000, signal), history: (...asked) => source.history?.(...asked) ?? Promise.resolve([]), close: () => source.close() };
    const { clock, heard, results } = watch(behind, { trigger: aTrigger(forSeconds(36)) });
    await clock.advanceTo(at(80));
    // At 60 it is known to have breached from 20.004 to 54, which is not long enough.
    expect(heard).toEqual(['24 inactive → pending (heard 30)', '69 pending → firing (heard 75)']);
    expect(results.at(-1)?.alerts[0]).toMatchObject({ activeAt: at(20.004), firedAt: at(69) });
  });

  it('fires with the slot itself when the breach has lasted long enough by then', async () => {
    const { clock, heard } = watch(closely(breachFrom(16)), { trigger: aTrigger(forSeconds(5)) });
    await clock.advanceTo(at(40));
    expect(heard).toEqual(['30 inactive → firing (heard 30)']);
  });

  it.each([
    ['a breach that ended in between', `${breachFrom(16)}x20 0x20 1`, 26.004],
    ['a sample that is missing', `0x64 1x20 _ 1`, 21.253],
    ['a sample that is not a number', `0x64 1x20 nan 1`, 21.253],
  ])('looks no further back than %s', async (_what, remembers, activeAt) => {
    const { clock, results } = watch(closely(`0x64 1`, remembers), { trigger: forty });
    await clock.advanceTo(at(30));
    expect(seconds(results.at(-1)?.alerts[0]?.activeAt ?? 0)).toBe(activeAt);
  });

  it('goes closest to the breach that began first, and leaves the others as far as one look can tell', async () => {
    const series = { 'pod="a"': breachFrom(20), 'pod="b"': breachFrom(26) };
    const { clock, results } = watch(new ScriptedSource({ startAt, intervalMs: INTERVAL_MS, stepMs: 250, series, remembers: series }), { trigger: forty });
    await clock.advanceTo(at(30));
    expect(results.at(-1)?.alerts.map(({ activeAt = 0 }) => seconds(activeAt))).toEqual([20.004, 26.25]);
  });

  it('is not trusted beyond the last OK sample', async () => {
    const { clock, results } = watch(closely(breachFrom(20), '1'), { trigger: forty });
    await clock.advanceTo(at(30));
    expect(seconds(results.at(-1)?.alerts[0]?.activeAt ?? 0)).toBe(15.005);
  });

  it.each<[string, string, Partial<Trigger>]>([
    ['when the last OK sample is older than 1.5 intervals', '0 err 1', {}],
    ['when the sample before was unknown and only reset the window', 'err 0 err 1', { onError: 'reset' }],
  ])('is not taken %s', async (_when, live, changes) => {
    const source = script(live, { remembers: { '': '_' } });
    const { clock, results } = watch(source, { trigger: { ...forty, ...changes } });
    await clock.advanceTo(at(45));
    expect(results.at(-1)?.alerts[0]?.state).toBe('pending');
    expect(source.askedAboutPast.filter(({ stepMs }) => stepMs < INTERVAL_MS)).toEqual([]);
  });

  it('is not taken across slots that were missed', async () => {
    const clock = new FakeClock(startAt);
    const source = script('0 0 1', { answerAfterMs: 40_000, clock });
    const stepsMs: number[] = [];
    const history: NonNullable<Source['history']> = async (_query, _fromAt, _toAt, stepMs) => {
      stepsMs.push(stepMs);
      return [];
    };
    const { results } = watch(Object.assign(source, { history }), { clock, trigger: forty });
    await clock.advanceTo(at(39));
    source.answerAfterMs = 0;
    await clock.advanceTo(at(40));
    expect(results.map(({ alerts }) => alerts[0]?.state)).toEqual(['inactive', 'pending']);
    expect(stepsMs).toEqual([INTERVAL_MS]);
  });

  it.each<[string, NonNullable<Source['history']>]>([
    ['an error', async (_query, fromAt): Promise<Observation[]> => [{ kind: 'error', at: fromAt, reason: 'timeout', message: 'too slow' }]],
    ['a broken promise', () => Promise.reject(new Error('too slow'))],
  ])('that fails with %s is a warning and no more', async (_what, history) => {
    const source = script('0 0 1');
    const { clock, heard, loop, faults } = watch(Object.assign(source, { history }), { trigger: forty });
    await clock.advanceTo(at(30));
    expect(loop.health).toMatchObject({ health: 'ok', warnings: ['the past could not be looked up: too slow'] });
    await clock.advanceTo(at(75));
    expect(heard).toEqual(['30 inactive → pending (heard 30)', '70 pending → firing (heard 70)']);
    expect(faults).toEqual([]);
  });
});

describe('a gap that the source can fill when it returns', () => {
  const blind = (letters: string): string => Array.from(letters, (letter) => ({ '.': '0', B: '1', e: 'err', _: '_', n: 'nan' })[letter] ?? letter).join(' ');
  const filling = (live: string, remembered: string): ScriptedSource => script(blind(live), { remembers: { '': blind(remembered) } });

  it('counts as if it had been seen', async () => {
    const source = filling('.BBeeBBB', '.BBBBBBB');
    const { clock, heard } = watch(source);
    await clock.advanceTo(at(105));
    expect(source.askedAboutPast.at(-1)).toEqual({ fromAt: at(45), toAt: at(60), stepMs: INTERVAL_MS });
    expect(heard).toContain('75 pending → firing (heard 75)');
  });

  it('does not count where the source was not asked, or does not know', async () => {
    const unfilled = watch(script(blind('.BBeeBBBBB')));
    await unfilled.clock.advanceTo(at(135));
    expect(unfilled.heard.at(-1)).toBe('120 pending → firing (heard 120)');
    const unknown = watch(filling('.BBeeBBBBB', '.BB_nBBBBB'));
    await unknown.clock.advanceTo(at(135));
    expect(unknown.heard.at(-1)).toBe('120 pending → firing (heard 120)');
  });

  it('resets the window when it was OK in between', async () => {
    const { clock, heard } = watch(filling('.BBeeBBBB', '.BB.BBBBB'));
    await clock.advanceTo(at(120));
    expect(heard).toEqual(['15 inactive → pending (heard 15)', '45 pending → inactive (heard 75)', '60 inactive → pending (heard 75)', '120 pending → firing (heard 120)']);
  });

  it('finds a breach that began while it was blind', async () => {
    const { clock, heard } = watch(filling('..eeeBBBB', '..BBBBBBB'));
    await clock.advanceTo(at(120));
    expect(heard).toEqual(['30 inactive → pending (heard 75)', '90 pending → firing (heard 90)']);
  });

  it('is asked for no further back than the window is long', async () => {
    const source = filling(`BB${'e'.repeat(60)}BB`, 'B');
    const { clock, heard } = watch(source);
    await clock.advanceTo(at(62 * 15));
    expect(source.askedAboutPast).toEqual([{ fromAt: at(62 * 15 - 60), toAt: at(61 * 15), stepMs: INTERVAL_MS }]);
    expect(heard.at(-1)).toBe(`${62 * 15} pending → firing (heard ${62 * 15})`);
  });

  it('is filled after downtime too, for slots in a row as well', async () => {
    const trigger = aTrigger({ window: { kind: 'consecutive', count: 5 } });
    const first = watch(filling('BB', 'B'), { trigger });
    await first.clock.advanceTo(at(20));
    await first.loop.stop();
    const { clock, heard } = watch(filling('B', 'B'), { trigger, clock: new FakeClock(at(55)), alerts: first.loop.alerts });
    await clock.advanceTo(at(60));
    expect(heard).toEqual(['60 pending → firing (heard 60)']);
  });

  it('stays a gap when it cannot be looked up, even where errors count as breaches', async () => {
    const trigger = aTrigger({ onError: 'breach' });
    const first = watch(script('1'), { trigger });
    await first.clock.advanceTo(at(35));
    await first.loop.stop();
    const history: NonNullable<Source['history']> = async () => [at(45), at(60)].map((when) => ({ kind: 'error', at: when, reason: 'timeout', message: 'too slow' }));
    const { clock, loop } = watch(Object.assign(script('1'), { history }), { trigger, clock: new FakeClock(at(70)), alerts: first.loop.alerts });
    await clock.advanceTo(at(75));
    expect(loop.alerts).toMatchObject([{ state: 'pending', window: { countedMs: 30_000 } }]);
    expect(loop.health.warnings).toEqual(['the past could not be looked up: too slow']);
  });

  it('is not asked for while the source is still blind', async () => {
    const source = filling('BBeeeeee', 'B');
    const { clock } = watch(source);
    await clock.advanceTo(at(105));
    expect(source.askedAboutPast).toEqual([]);
  });
});
