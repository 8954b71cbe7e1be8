import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AlertBook } from '../../src/guard/alert-book.js';
import type { Alert } from '../../src/trigger/alert.js';

const states = ['inactive', 'pending', 'firing'] as const;
const targets = ['shop', 'pay'] as const;

function alert(trigger: string, series: number, target: string, state: Alert['state']): Alert {
  return { trigger, target, labels: {}, fingerprint: `${trigger}-${series}`, state, health: 'ok', window: { countedMs: 0, streak: 0 } };
}

const page = fc.record({
  trigger: fc.constantFrom('A', 'B', 'C', 'D'),
  // A trigger may be moved to another target while alerts of the old one are known.
  alerts: fc.uniqueArray(fc.record({ series: fc.nat(3), target: fc.constantFrom(...targets), state: fc.constantFrom(...states) }), { selector: ({ series }) => series }),
});
const step = fc.oneof({ weight: 8, arbitrary: page }, { weight: 1, arbitrary: fc.record({ keep: fc.subarray(['A', 'B', 'C', 'D']) }) });

test('what is looked up is what all pages together say, in the order in which triggers were first heard of', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const book = new AlertBook();
      const pages = new Map<string, readonly Alert[]>();
      const heard = new Map<string, string[]>(targets.map((target) => [target, []]));
      for (const each of steps) {
        if ('keep' in each) {
          book.keepOnly(new Set(each.keep));
          for (const trigger of [...pages.keys()].filter((known) => !each.keep.includes(known))) pages.delete(trigger);
          for (const [target, known] of heard) heard.set(target, known.filter((trigger) => each.keep.includes(trigger)));
        } else {
          const alerts = each.alerts.map(({ series, target, state }) => alert(each.trigger, series, target, state));
          book.put(each.trigger, alerts);
          pages.set(each.trigger, alerts);
          for (const { target } of alerts) if (heard.get(target)?.includes(each.trigger) === false) heard.get(target)?.push(each.trigger);
        }
        for (const target of targets) {
          const all = (heard.get(target) ?? []).flatMap((trigger) => (pages.get(trigger) ?? []).filter((known) => known.target === target));
          expect(book.firingOf(target)).toEqual(all.filter(({ state }) => state === 'firing'));
          expect(book.countsOf(target)).toEqual(Object.fromEntries(states.map((state) => [state, all.filter((known) => known.state === state).length])));
          for (const known of all) expect(book.find(target, known.fingerprint)).toBe(known);
          expect(book.find(target, 'A-9')).toBeUndefined();
        }
      }
    }),
    { numRuns: 300 },
  );
});
