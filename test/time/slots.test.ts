import fc from 'fast-check';
import { expect, it } from 'vitest';
import { slotAfter, slotAtOrBefore } from '../../src/time/slots.js';

it('finds the slots around any instant', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 42), fc.integer({ min: 1, max: 3_600_000 }), (at, intervalMs) => {
      const before = slotAtOrBefore(at, intervalMs);
      const after = slotAfter(at, intervalMs);
      expect(before % intervalMs).toBe(0);
      expect(after - before).toBe(intervalMs);
      expect(before <= at && at < after).toBe(true);
    }),
  );
});
