import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pace, SLACK_PACE } from '../../src/notify/pace.js';

const NOW = Date.UTC(2026, 0, 1);

/** When each of so many messages goes, where each goes as soon as it may. */
function instantsOf(messages: number, pace: Pace, from = NOW): readonly number[] {
  let now = from;
  return Array.from({ length: messages }, () => {
    now = pace.freeAt(now);
    pace.spend(now, 1);
    return now - NOW;
  });
}

it('lets a few go at once after a rest, and then one a second', () => {
  const pace = new Pace(SLACK_PACE);
  expect(instantsOf(6, pace)).toEqual([0, 0, 0, 1_000, 2_000, 3_000]);
  expect(instantsOf(4, pace, NOW + 60_000)).toEqual([60_000, 60_000, 60_000, 61_000]);
});

it('counts what goes out in several calls as so many', () => {
  const pace = new Pace(SLACK_PACE);
  pace.spend(NOW, 5);
  expect(pace.freeAt(NOW) - NOW).toBe(3_000);
});

it('never lets more than its burst and one a second go, whenever they come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 60 }), (gaps) => {
      const pace = new Pace(SLACK_PACE);
      let now = NOW;
      const sent = gaps.map((gap) => {
        now = pace.freeAt(now + gap);
        pace.spend(now, 1);
        return now;
      });
      for (const [index, at] of sent.entries()) {
        const within = sent.slice(0, index + 1).filter((other) => other > at - 10_000).length;
        expect(within).toBeLessThanOrEqual(10 + SLACK_PACE.burst);
      }
    }),
  );
});

it('without a pace everything goes at once', () => expect(instantsOf(4, new Pace())).toEqual([0, 0, 0, 0]));
