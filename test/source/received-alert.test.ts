import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alertKey, foldNotice, type AlertNotice, type ReceivedAlert } from '../../src/source/received-alert.js';

const minute = 60_000;
const labels = { alertname: 'CheckoutDown', severity: 'page' };
const firing = (startsAt: number, changes: Partial<AlertNotice> = {}): AlertNotice => ({ status: 'firing', labels, annotations: {}, startsAt, ...changes });
const resolved = (startsAt: number, endsAt: number): AlertNotice => ({ status: 'resolved', labels, annotations: {}, startsAt, endsAt });

/** Messages in the order in which they arrive, one minute after another unless told otherwise. */
function after(...notices: readonly (AlertNotice | readonly [AlertNotice, number])[]): { readonly alert: ReceivedAlert | undefined; readonly effects: readonly string[] } {
  let alert: ReceivedAlert | undefined;
  const effects: string[] = [];
  notices.forEach((entry, index) => {
    const [notice, now] = Array.isArray(entry) ? (entry as readonly [AlertNotice, number]) : [entry as AlertNotice, 100 * minute + index * minute];
    const folded = foldNotice(alert, notice, undefined, now);
    alert = folded.alert;
    effects.push(folded.effect);
  });
  return { alert, effects };
}

describe('an alert as its messages leave it', () => {
  test('repeats, and the same from another replica, are nothing new', () => {
    const { alert, effects } = after(firing(90 * minute), firing(90 * minute), firing(90 * minute + 3_000), firing(89 * minute));
    expect(effects).toEqual(['began', 'heard-again', 'heard-again', 'heard-again']);
    expect(alert).toMatchObject({ status: 'firing', startsAt: 90 * minute + 3_000, firstReceivedAt: 100 * minute, lastReceivedAt: 103 * minute });
  });

  test('a snapshot of an episode that has ended says nothing, however often it comes', () => {
    expect(after(firing(90 * minute), resolved(90 * minute, 100 * minute), firing(90 * minute), firing(90 * minute)).effects).toEqual(['began', 'ended', 'late', 'late']);
  });

  test('the next episode is a new one', () => {
    const { alert, effects } = after(firing(90 * minute), resolved(90 * minute, 100 * minute), firing(101 * minute));
    expect(effects).toEqual(['began', 'ended', 'began']);
    expect(alert).toMatchObject({ status: 'firing', startsAt: 101 * minute, firstReceivedAt: 102 * minute });
  });

  test('a resolve that overtakes its firing is kept, and the firing starts nothing', () => {
    expect(after(resolved(90 * minute, 99 * minute), firing(90 * minute)).effects).toEqual(['ended', 'late']);
  });

  test('so it is long after an earlier episode has ended', () => {
    const { alert, effects } = after([firing(90 * minute), 100 * minute], [resolved(90 * minute, 101 * minute), 101 * minute], [resolved(130 * minute, 131 * minute), 131 * minute], [firing(130 * minute), 132 * minute]);
    expect(effects).toEqual(['began', 'ended', 'ended', 'late']);
    expect(alert).toMatchObject({ status: 'resolved', startsAt: 130 * minute, endsAt: 131 * minute });
  });

  test('a resolve of an earlier episode does not end the present one', () => {
    const { alert, effects } = after(firing(90 * minute), resolved(80 * minute, 85 * minute));
    expect(effects).toEqual(['began', 'late']);
    expect(alert?.status).toBe('firing');
  });

  test('a late snapshot of an earlier episode does not let the end of that one end the present one', () => {
    const { alert, effects } = after(firing(90 * minute), firing(70 * minute), resolved(80 * minute, 85 * minute));
    expect(effects).toEqual(['began', 'heard-again', 'late']);
    expect(alert).toMatchObject({ status: 'firing', startsAt: 90 * minute });
  });

  test('one that still fires when every retry must be over fires again', () => {
    const { effects } = after([firing(90 * minute), 100 * minute], [resolved(90 * minute, 101 * minute), 101 * minute], [firing(90 * minute), 111 * minute], [firing(90 * minute), 111 * minute + 1]);
    expect(effects).toEqual(['began', 'ended', 'late', 'began']);
  });

  test('has the identity of its labels, whatever their order', () => {
    expect(alertKey({ a: '1', b: '2' })).toBe(alertKey({ b: '2', a: '1' }));
    expect(alertKey({ a: '1', b: '2' })).not.toBe(alertKey({ a: '12', b: '' }));
  });

  test('begins once per episode and ends once, in whatever order, however often and from however many replicas its messages come', () => {
    const episodes = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(episodes, fc.array(fc.nat(), { maxLength: 40 }), (count, draws) => {
        const truth = Array.from({ length: count }, (_, index) => ({ startsAt: index * minute, endsAt: index * minute + 30_000 }));
        // Any shuffle with repetitions, all of it within the time in which retries come.
        const messages = draws.map((draw) => {
          const episode = truth[draw % count]!;
          return draw % 2 === 0 ? firing(episode.startsAt) : resolved(episode.startsAt, episode.endsAt);
        });
        const begun: number[] = [];
        let alert: ReceivedAlert | undefined;
        messages.forEach((message, index) => {
          const folded = foldNotice(alert, message, undefined, 10 * minute + index);
          if (folded.effect === 'began') begun.push(message.startsAt);
          alert = folded.alert;
        });
        expect(new Set(begun).size).toBe(begun.length);
        expect(begun.toSorted((a, b) => a - b)).toEqual(begun);
      }),
    );
  });
});
