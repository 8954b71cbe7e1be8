import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noteProbe, unsuspicious, usualFate, type Probe, type SharedFate } from '../../src/source/shared-fate.js';

const watch: Parameters<typeof noteProbe>[2] = { targetCount: 4, intervalMs: 10, rule: usualFate };

/** Probes written as `target@at`, those that are down with a `-` in front. */
function after(written: string, of = watch, from: SharedFate = unsuspicious): SharedFate {
  return written.split(' ').reduce((fate, word) => {
    const [, down, target, at] = /^(-?)(\w)@(\d+)$/.exec(word)!;
    return noteProbe(fate, { target: target!, at: Number(at), up: down === '' } satisfies Probe, of);
  }, from);
}
const fallen = (...args: Parameters<typeof after>): string => [...(after(...args).fallen ?? [])].join('');

describe('suspicion', () => {
  it('begins when more than half turn down within one interval', () => {
    expect(fallen('a@0 b@0 c@0 d@0 -a@10 -b@10')).toBe('');
    expect(fallen('a@0 b@0 c@0 d@0 -a@10 -b@10 -c@10')).toBe('abc');
    expect(fallen('a@0 b@0 c@0 d@0 -a@10 -b@15 -c@20')).toBe('abc');
    expect(fallen('a@0 b@0 c@0 d@0 -a@10 -b@15 -c@21')).toBe('');
  });

  it('needs three targets', () => {
    expect(fallen('-a@0 -b@0', { ...watch, targetCount: 2 })).toBe('');
    expect(fallen('-a@0 -b@0', { ...watch, targetCount: 3 })).toBe('ab');
  });

  it('goes by the rule of the configuration', () => {
    expect(fallen('-a@0 -b@0 -c@0', { ...watch, rule: { moreThan: 0.75, ofAtLeast: 3 } })).toBe('');
    expect(fallen('-a@0 -b@0', { ...watch, targetCount: 2, rule: { moreThan: 0.5, ofAtLeast: 2 } })).toBe('ab');
    expect(fallen('-a@0 -b@0 -c@0 -d@0', { ...watch, rule: 'never' })).toBe('');
  });

  it('counts the first probe of a target, so that a blind start is not believed', () => {
    expect(fallen('-a@0 -b@0 -c@0')).toBe('abc');
  });

  it('does not count those that have been down for longer, nor those that came back', () => {
    expect(fallen('-a@0 b@0 c@0 d@0 -a@100 -b@100 -c@100')).toBe('');
    expect(fallen('-a@0 -a@100 -b@100 -c@100 -d@100')).toBe('bcd');
    expect(fallen('-a@0 a@5 -b@5 -c@5')).toBe('');
  });

  it('ignores an answer that is older than another of the same target', () => {
    expect(fallen('a@0 b@0 c@0 d@0 -a@10 -b@10 c@12 -c@10')).toBe('');
  });
});

describe('the end of suspicion', () => {
  const suspected = 'a@0 b@0 c@0 d@0 -a@10 -b@10 -c@10';

  it('is the answer of one of the fallen, also of one that fell later', () => {
    expect(fallen(`${suspected} -a@20 -b@20`)).toBe('abc');
    expect(fallen(`${suspected} -d@20`)).toBe('abcd');
    expect(fallen(`${suspected} b@20`)).toBe('');
    expect(fallen(`${suspected} -d@20 d@30`)).toBe('');
  });

  it('is not the answer of one that never fell', () => {
    expect(fallen(`${suspected} d@20 d@30`)).toBe('abc');
  });

  it('leaves those down that are down, and a new suspicion needs a new fall', () => {
    const ended = after(`${suspected} b@30`);
    expect(ended.targets.get('a')).toMatchObject({ up: false });
    expect(fallen('-a@40 -c@40', watch, ended)).toBe('');
    expect(fallen('a@40 c@40 -a@50 -b@50 -c@50', watch, ended)).toBe('abc');
  });
});

it('half of the targets or fewer never bring about suspicion, in whatever order they answer', () => {
  const probe = fc.record({ target: fc.constantFrom('a', 'b'), at: fc.nat(100), up: fc.boolean() });
  const healthy = fc.record({ target: fc.constantFrom('c', 'd'), at: fc.nat(100), up: fc.constant(true) });
  fc.assert(
    fc.property(fc.array(fc.oneof(probe, healthy)), (probes) => {
      expect(probes.reduce((fate, one) => noteProbe(fate, one, watch), unsuspicious).fallen).toBeUndefined();
    }),
  );
});
