import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/source/sample.js';
import { type TickKind, windowLengthMs } from '../../src/trigger/window.js';
import type { Alert, TrendPoint } from '../../src/trigger/alert.js';
import { evaluateTrigger } from '../../src/trigger/evaluate-trigger.js';
import { isRising } from '../../src/trigger/trend.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { aTrigger, condition } from '../support/triggers.js';

const INTERVAL_MS = 15_000;
const startAt = Date.UTC(2026, 0, 1);
const BREACH = 1;
const OK = 0;

/** A sample of the only series: a value, or why there is none. */
interface Point {
  readonly at: number;
  readonly seen: number | 'nan' | 'gone' | 'error';
  readonly tick?: TickKind;
}

interface Step {
  readonly point: Point;
  readonly alert: Alert | undefined;
  readonly before: Alert | undefined;
}

function run(trigger: Trigger, points: readonly Point[], restored: readonly Alert[] = []): Step[] {
  let alerts = restored;
  return points.map((point) => {
    const before = alerts[0];
    alerts = evaluateTrigger(trigger, alerts, observationOf(point), { kind: point.tick ?? 'slot', at: point.at }).alerts;
    return { point, before, alert: alerts[0] };
  });
}

function observationOf({ at, seen }: Point): Observation {
  if (seen === 'error') return { kind: 'error', at, reason: 'timeout', message: 'no answer' };
  const sample = seen === 'nan' ? ({ kind: 'no-data', at, reason: 'nan' } as const) : ({ kind: 'value', at, value: Number(seen) } as const);
  return { kind: 'vector', at, warnings: [], series: seen === 'gone' ? [] : [{ labels: {}, sample }] };
}

const isUnknown = ({ seen }: Point): boolean => typeof seen === 'string';
const isFiring = (step: Pick<Step, 'alert'> | undefined): boolean => step?.alert?.state === 'firing';

/** Mostly breaches, so that windows fill; steps of one interval mostly, so that gaps are the exception. */
const points = fc
  .array(
    fc.record({
      seen: fc.oneof({ weight: 8, arbitrary: fc.constant(BREACH) }, { weight: 1, arbitrary: fc.constant(OK) }, { weight: 2, arbitrary: fc.constantFrom('nan' as const, 'gone' as const, 'error' as const) }),
      stepMs: fc.oneof({ weight: 6, arbitrary: fc.constant(INTERVAL_MS) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 * INTERVAL_MS }) }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let at = 0;
    return steps.map(({ seen, stepMs }): Point => ({ seen, at: (at += stepMs) }));
  });

const forWindow = fc.integer({ min: 0, max: 10 * INTERVAL_MS }).map((forMs) => aTrigger({ window: { kind: 'for', forMs } }));
const consecutiveWindow = fc.integer({ min: 1, max: 8 }).map((count) => aTrigger({ window: { kind: 'consecutive', count } }));
const shareWindow = fc
  .record({ forMs: fc.integer({ min: 1_000, max: 12 * INTERVAL_MS }), percent: fc.integer({ min: 1, max: 99 }) })
  .map(({ forMs, percent }) => aTrigger({ window: { kind: 'share', forMs, atLeast: percent / 100 } }));
/** With or without what may be asked for besides. */
const anyWindow = fc
  .tuple(fc.oneof(forWindow, consecutiveWindow, shareWindow), fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }), fc.option(fc.integer({ min: 1, max: 5 * INTERVAL_MS }), { nil: undefined }))
  .map(([trigger, minSamples, keepFiringForMs]): Trigger => ({ ...trigger, minSamples, keepFiringForMs }));

/** The time that was seen to breach since the last OK sample: written anew, without the window's own counting. */
function seenBreachingMs(history: readonly Point[]): number {
  const sinceOk = history.slice(history.findLastIndex(({ seen }) => seen === OK) + 1).filter((point) => !isUnknown(point));
  return sinceOk.slice(1).reduce((sumMs, { at }, index) => {
    const stepMs = at - (sinceOk[index]?.at ?? at);
    return stepMs <= 1.5 * INTERVAL_MS ? sumMs + stepMs : sumMs;
  }, 0);
}

/** The time in the window up to the newest sample that was seen to breach: written anew, from the samples themselves. */
function breachInWindowMs(history: readonly Point[], forMs: number): number {
  const known = history.filter((point) => !isUnknown(point));
  const now = known.at(-1)?.at ?? 0;
  return known.slice(1).reduce((sumMs, { at, seen }, index) => {
    const before = known[index];
    const stepMs = at - (before?.at ?? at);
    if (stepMs > 1.5 * INTERVAL_MS) return sumMs;
    const breachMs = (stepMs * (Number(before?.seen === BREACH) + Number(seen === BREACH))) / 2;
    return sumMs + Math.min(breachMs, Math.max(0, at - Math.max(before?.at ?? at, now - forMs)));
  }, 0);
}

function breachOf(alert: Alert | undefined): number {
  return (alert?.window.stretches ?? []).reduce((sumMs, { breachMs }) => sumMs + breachMs, 0);
}

describe('whatever the samples, under hold', () => {
  it('a share window fires only on a breaching sample, and only when so much of its time was seen to breach', () => {
    fc.assert(
      fc.property(shareWindow, points, (trigger, all) => {
        const { forMs, atLeast } = trigger.window as { forMs: number; atLeast: number };
        run(trigger, all).forEach((step, index) => {
          if (!isFiring(step) || step.before?.state === 'firing') return;
          expect(step.point.seen).toBe(BREACH);
          expect(breachInWindowMs(all.slice(0, index + 1), forMs)).toBeGreaterThanOrEqual(forMs * atLeast - 1e-6);
        });
      }),
    );
  });

  it('a share window fires at the first slot at which it can, when every slot is seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 99 }), fc.array(fc.constantFrom(BREACH, BREACH, BREACH, OK), { minLength: 1, maxLength: 80 }), (slots, percent, values) => {
        const forMs = slots * INTERVAL_MS;
        const wantedMs = (forMs * percent) / 100;
        const all = values.map((seen, index): Point => ({ seen, at: index * INTERVAL_MS }));
        let from: number | undefined;
        let clearSlots = 0;
        const expected = all.findIndex(({ seen }, index) => {
          clearSlots = seen === BREACH ? 0 : clearSlots + 1;
          if ((clearSlots - 1) * INTERVAL_MS > forMs - wantedMs + 1e-6) from = undefined;
          if (seen === BREACH) from ??= index;
          return seen === BREACH && breachInWindowMs(all.slice(from, index + 1), forMs) >= wantedMs - 1e-6;
        });
        expect(run(aTrigger({ window: { kind: 'share', forMs, atLeast: percent / 100 } }), all).findIndex(isFiring)).toBe(expected);
      }),
    );
  });

  it('samples of a share window that are not seen, whatever they were, never cause or hasten a first firing', () => {
    fc.assert(
      fc.property(shareWindow, fc.array(fc.constantFrom(BREACH, BREACH, OK), { minLength: 1, maxLength: 60 }), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (trigger, values, hidden) => {
        const all = values.map((seen, index): Point => ({ seen, at: index * INTERVAL_MS }));
        const partly = all.map((point, index): Point => (hidden[index] === true ? { ...point, seen: 'gone' } : point));
        const first = (steps: readonly Step[]): number => steps.map(isFiring).concat(true).indexOf(true);
        expect(first(run(trigger, partly))).toBeGreaterThanOrEqual(Math.min(first(run(trigger, all)), all.length));
      }),
    );
  });

  it('with minSamples nothing fires that was breaching in fewer slots', () => {
    fc.assert(
      fc.property(forWindow, fc.integer({ min: 1, max: 12 }), points, (trigger, minSamples, all) => {
        run({ ...trigger, minSamples }, all).forEach((step, index) => {
          if (!isFiring(step) || step.before?.state === 'firing') return;
          const history = all.slice(0, index + 1);
          expect(history.slice(history.findLastIndex(({ seen }) => seen === OK) + 1).filter(({ seen }) => seen === BREACH).length).toBeGreaterThanOrEqual(minSamples);
        });
      }),
    );
  });

  it('with keepFiringFor an alert ends only at a clear sample, once so much time was seen to be clear', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 * INTERVAL_MS }), fc.array(fc.tuple(fc.constantFrom<Point['seen']>(BREACH, OK, OK, OK, 'error', 'gone'), fc.constantFrom(INTERVAL_MS, INTERVAL_MS, INTERVAL_MS, 40_000)), { minLength: 1, maxLength: 60 }), (keepFiringForMs, steps) => {
        let now = 0;
        const all = steps.map(([seen, stepMs]): Point => ({ seen, at: (now += stepMs) }));
        run(aTrigger({ window: { kind: 'for', forMs: 0 }, keepFiringForMs }), all).forEach((step, index) => {
          if (step.before?.state !== 'firing' || isFiring(step)) return;
          const known = all.slice(0, index + 1).filter((point) => !isUnknown(point));
          const clear = known.slice(known.findLastIndex(({ seen }) => seen === BREACH) + 1);
          const clearMs = clear.slice(1).reduce((sumMs, { at }, at0) => sumMs + (at - (clear[at0]?.at ?? at) <= 1.5 * INTERVAL_MS ? at - (clear[at0]?.at ?? at) : 0), 0);
          expect(step.point.seen).toBe(OK);
          expect(clearMs).toBeGreaterThanOrEqual(keepFiringForMs);
        });
      }),
    );
  });

  it('time never runs backwards: a window that goes back to an earlier instant has begun anew', () => {
    fc.assert(
      fc.property(anyWindow, fc.array(fc.tuple(fc.constantFrom<Point['seen']>(BREACH, BREACH, BREACH, OK, 'error'), fc.integer({ min: 0, max: 40 })), { maxLength: 60 }), (trigger, steps) => {
        for (const { before, alert } of run(trigger, steps.map(([seen, slot]): Point => ({ seen, at: slot * 7_000 })))) {
          const { judgedAt: from = -Infinity } = before?.window ?? {};
          const { judgedAt: to = Infinity, countedMs = 0, streak = 0, stretches = [], clearMs = 0 } = alert?.window ?? {};
          if (to < from) expect([countedMs, streak <= 1, stretches, clearMs]).toEqual([0, true, [], 0]);
        }
      }),
    );
  });

  it('a `for` fires only on a breaching sample, and only after as much time was seen to breach', () => {
    fc.assert(
      fc.property(forWindow, points, (trigger, all) => {
        const forMs = trigger.window.kind === 'for' ? trigger.window.forMs : 0;
        run(trigger, all).forEach((step, index) => {
          if (!isFiring(step) || step.before?.state === 'firing') return;
          expect(step.point.seen).toBe(BREACH);
          expect(seenBreachingMs(all.slice(0, index + 1))).toBeGreaterThanOrEqual(forMs);
        });
      }),
    );
  });

  it('a `consecutive` fires only after as many breaching slots without an OK between them', () => {
    fc.assert(
      fc.property(consecutiveWindow, points, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (trigger, all, between) => {
        const count = trigger.window.kind === 'consecutive' ? trigger.window.count : 0;
        const ticked = all.map((point, index): Point => ({ ...point, tick: between[index] === true ? 'due' : 'slot' }));
        run(trigger, ticked).forEach((step, index) => {
          if (!isFiring(step) || step.before?.state === 'firing') return;
          const history = ticked.slice(0, index + 1);
          const row = history.slice(history.findLastIndex(({ seen }) => seen === OK) + 1).filter(({ seen, tick }) => seen === BREACH && tick === 'slot');
          expect(row.length).toBeGreaterThanOrEqual(count);
        });
      }),
    );
  });

  it('breaches that are not seen delay a firing and never cause or hasten one', () => {
    fc.assert(
      fc.property(fc.oneof(forWindow, consecutiveWindow), points, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (trigger, all, hidden) => {
        const partly = all.map((point, index): Point => (hidden[index] === true && point.seen === BREACH ? { ...point, seen: 'error' } : point));
        const seen = run(trigger, all);
        run(trigger, partly).forEach((step, index) => {
          if (isFiring(step)) expect(isFiring(seen[index])).toBe(true);
        });
      }),
    );
  });

  it('an unknown sample is no more than a gap, and a restart in between is nothing at all', () => {
    const essence = (steps: readonly Step[]): unknown[] =>
      steps.filter(({ point }) => !isUnknown(point)).map(({ alert }) => [alert?.state, alert?.activeAt, isFiring({ alert }) && alert?.firedAt, alert?.window.countedMs, alert?.window.streak, alert?.window.stretches ?? []]);
    fc.assert(
      fc.property(anyWindow, points, fc.nat(60), (trigger, all, restartAfter) => {
        const known = all.filter((point) => !isUnknown(point));
        const first = run(trigger, known.slice(0, restartAfter));
        const stored = JSON.parse(JSON.stringify(first.flatMap(({ alert }) => alert ?? []).slice(-1))) as Alert[];
        // Inactive alerts are not stored.
        const restarted = run(trigger, known.slice(restartAfter), stored.filter(({ state }) => state !== 'inactive'));
        expect(essence([...first, ...restarted])).toEqual(essence(run(trigger, all)));
      }),
    );
  });

  it('range data that arrives when the source is back gives what would have been seen live', () => {
    fc.assert(
      fc.property(anyWindow, fc.array(fc.constantFrom(BREACH, BREACH, BREACH, OK), { minLength: 3, maxLength: 30 }), fc.nat(30), fc.integer({ min: 1, max: 8 }), (trigger, values, blindFrom, blindFor) => {
        const all = values.map((seen, index): Point => ({ seen, at: (index + 1) * INTERVAL_MS }));
        const windowMs = windowLengthMs(trigger);
        fc.pre(blindFor * INTERVAL_MS <= windowMs && blindFrom > 0 && blindFrom + blindFor < all.length);
        const missed = all.slice(blindFrom, blindFrom + blindFor);
        const order = [...all.slice(0, blindFrom), ...missed.map((point): Point => ({ ...point, seen: 'error' })), ...missed, ...all.slice(blindFrom + blindFor)];
        expect(run(trigger, order).at(-1)?.alert).toEqual(run(trigger, all).at(-1)?.alert);
      }),
    );
  });

  it('looking more often while it breaches counts no more time', () => {
    fc.assert(
      fc.property(fc.oneof(forWindow, shareWindow), points, fc.array(fc.nat(100), { minLength: 60, maxLength: 60 }), (trigger, all, percents) => {
        const more = all.flatMap((point, index): Point[] => {
          const previous = all[index - 1];
          if (previous?.seen !== BREACH || point.seen !== BREACH || point.at - previous.at > 1.5 * INTERVAL_MS) return [point];
          const at = previous.at + Math.floor(((point.at - previous.at) * (percents[index] ?? 0)) / 100);
          return [{ seen: BREACH, at, tick: 'due' }, point];
        });
        const closely = new Map(run(trigger, more).map((step) => [step.point.at, step.alert]));
        for (const { point, alert } of run(trigger, all)) {
          const other = closely.get(point.at);
          expect([other?.state, other?.window.countedMs]).toEqual([alert?.state, alert?.window.countedMs]);
          expect(breachOf(other)).toBeCloseTo(breachOf(alert), 6);
        }
      }),
    );
  });

  it('a sample that comes once more, late, changes nothing', () => {
    fc.assert(
      fc.property(anyWindow, points, fc.array(fc.nat(60), { minLength: 60, maxLength: 60 }), (trigger, all, repeats) => {
        const known = all.filter((point) => !isUnknown(point));
        const repeated = known.flatMap((point, index) => [point, known[(repeats[index] ?? 0) % (index + 1)] ?? point]);
        const last = run(trigger, repeated).at(-1)?.alert;
        const expected = run(trigger, known).at(-1)?.alert;
        expect({ ...last, window: { ...last?.window, behindSince: undefined } }).toEqual({ ...expected, window: { ...expected?.window, behindSince: undefined } });
      }),
    );
  });
});

it('with hysteresis, a firing alert ends only where the clear condition holds', () => {
  const trigger = aTrigger({ window: { kind: 'for', forMs: 0 }, condition: condition('> 10'), clearCondition: condition('< 5') });
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 60 }), (values) => {
      let firing = false;
      run(trigger, values.map((seen, index) => ({ seen, at: index * INTERVAL_MS }))).forEach((step) => {
        firing = firing ? !(Number(step.point.seen) < 5) : Number(step.point.seen) > 10;
        expect(isFiring(step)).toBe(firing);
      });
    }),
  );
});

describe('a trend', () => {
  const pointsOf = (values: readonly number[]): TrendPoint[] => values.map((value, index) => ({ at: startAt + index * INTERVAL_MS, value, samples: 1 }));
  const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 12, maxLength: 60 });

  it('is never rising where the value never rises', () => {
    fc.assert(fc.property(numbers, (values) => !isRising(pointsOf(values.toSorted((a, b) => b - a)))));
  });

  it('is rising where growth outdoes the noise, however large or small the numbers are', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 24, maxLength: 60 }), fc.integer({ min: -9, max: 9 }), (noise, power) => {
        expect(isRising(pointsOf(noise.map((off, index) => (index + off) * 10 ** power)))).toBe(true);
      }),
    );
  });

  it('is never rising up and down at once', () => {
    fc.assert(fc.property(numbers, (values) => !(isRising(pointsOf(values)) && isRising(pointsOf(values.map((value) => -value))))));
  });
});
