import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Observation, Sample } from '../../src/source/sample.js';
import type { Alert } from '../../src/trigger/alert.js';
import { atLeastFire, countFiring, type MemberState, type Truth, truthOf } from '../../src/trigger/members.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { aTrigger } from '../support/triggers.js';

const now = Date.UTC(2026, 0, 1);

const samples = {
  value: { kind: 'value', at: now, value: 1 },
  none: { kind: 'no-data', at: now, reason: 'empty' },
  stale: { kind: 'stale', at: now },
  error: { kind: 'error', at: now, reason: 'timeout', message: 'no answer' },
  withheld: { kind: 'no-data', at: now, reason: 'too-little-traffic' },
} as const satisfies Record<string, Sample>;

/** `firing by value, inactive by none`: an alert for each, by its newest sample. */
function memberOf(written: string, answer: Observation, at = now): MemberState {
  const alerts = written === '' ? [] : written.split(', ').map((each, index): Alert => {
    const [state, , by] = each.split(' ') as [Alert['state'], string, keyof typeof samples];
    return { trigger: 'A', target: 'checkout', labels: {}, fingerprint: String(index), state, health: 'ok', window: { countedMs: 0, streak: 0 }, lastSample: samples[by] };
  });
  return { at, alerts, health: { health: 'ok', lastObservation: answer, warnings: [] } };
}

const empty: Observation = { kind: 'vector', at: now, series: [], warnings: [] };
const failed: Observation = { kind: 'error', at: now, reason: 'timeout', message: 'no answer' };

describe('a member', () => {
  it.each<[string, Truth, Partial<Trigger>?]>([
    ['firing by value', 'firing'],
    ['pending by value', 'clear'],
    ['inactive by value', 'clear'],
    ['inactive by value, firing by value', 'firing'],
    ['firing by error', 'unknown'],
    ['inactive by none', 'unknown'],
    ['pending by stale', 'unknown'],
    ['firing by error, firing by value', 'firing'],
    ['inactive by value, pending by none', 'unknown'],
    ['inactive by none', 'clear', { onNoData: 'reset' }],
    ['inactive by error', 'unknown', { onNoData: 'reset' }],
    ['inactive by error', 'clear', { onError: 'reset' }],
    ['firing by none', 'firing', { onNoData: 'breach' }],
    ['firing by withheld', 'unknown', { onNoData: 'breach' }],
    ['inactive by withheld', 'unknown', { onNoData: 'reset' }],
  ])('%s: %s', (written, truth, changes = {}) => {
    expect(truthOf(aTrigger(changes), memberOf(written, empty), now)).toBe(truth);
  });

  it.each<[string, Observation | undefined, Truth, Partial<Trigger>?]>([
    ['no series', empty, 'unknown'],
    ['no series, which is clear by its own word', empty, 'clear', { onNoData: 'reset' }],
    ['no answer', failed, 'unknown', { onNoData: 'reset' }],
    ['no answer, which is clear by its own word', failed, 'clear', { onError: 'reset' }],
    ['no series, which is a breach of nobody knows what', empty, 'unknown', { onNoData: 'breach' }],
  ])('without an alert, after %s', (_what, answer, truth, changes = {}) => {
    expect(truthOf(aTrigger(changes), memberOf('', answer ?? empty), now)).toBe(truth);
  });

  it('that has not been evaluated, or not lately, is unknown', () => {
    expect(truthOf(aTrigger(), undefined, now)).toBe('unknown');
    expect(truthOf(aTrigger(), memberOf('firing by value', empty), now + 22_500)).toBe('firing');
    expect(truthOf(aTrigger(), memberOf('firing by value', empty), now + 22_501)).toBe('unknown');
  });
});

describe('at least so many', () => {
  const truths = fc.array(fc.constantFrom<Truth>('firing', 'clear', 'unknown'), { maxLength: 8 });

  it('is known exactly when every way to know the unknown ones comes to the same', () => {
    const ways = (members: readonly Truth[]): Truth[][] =>
      members.reduce<Truth[][]>((all, truth) => all.flatMap((way) => (truth === 'unknown' ? [[...way, 'firing'], [...way, 'clear']] : [[...way, truth]])), [[]]);
    fc.assert(
      fc.property(truths, fc.integer({ min: 1, max: 8 }), (members, atLeast) => {
        const outcomes = new Set(ways(members).map((way) => way.filter((truth) => truth === 'firing').length >= atLeast));
        const expected = outcomes.size === 2 ? 'unknown' : outcomes.has(true) ? 'firing' : 'clear';
        expect(atLeastFire(members, atLeast)).toBe(expected);
      }),
    );
  });

  it('answers with the number that fires, or withholds it', () => {
    const answer = (members: readonly Truth[]): unknown => {
      const found = countFiring(members, 2, now);
      return found.kind === 'vector' ? found.series.map(({ sample }) => (sample.kind === 'value' ? sample.value : sample.kind === 'no-data' && sample.reason)) : undefined;
    };
    expect(answer(['firing', 'firing', 'unknown'])).toEqual([2]);
    expect(answer(['firing', 'clear'])).toEqual([1]);
    expect(answer(['firing', 'unknown'])).toEqual(['members-unknown']);
  });
});
