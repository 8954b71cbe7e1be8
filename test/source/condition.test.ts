import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionHolds, formatValue, parseCondition, type Comparison, type Condition } from '../../src/source/condition.js';

describe('a condition', () => {
  it.each<[string, Comparison, number, Condition['unit']]>([
    ['> 10%', '>', 0.1, 'ratio'],
    ['>=0.5%', '>=', 0.005, 'ratio'],
    ['  <   99.9 %  ', '<', 0.999, 'ratio'],
    ['<= 5s', '<=', 5, 'seconds'],
    ['> 1h30m', '>', 5_400, 'seconds'],
    ['> 250ms', '>', 0.25, 'seconds'],
    ['== 0', '==', 0, 'number'],
    ['!= -1.5e3', '!=', -1_500, 'number'],
    ['> .5', '>', 0.5, 'number'],
    ['> 512MiB', '>', 536_870_912, 'bytes'],
    ['> 1.5 GB', '>', 1_500_000_000, 'bytes'],
    ['< 100B', '<', 100, 'bytes'],
    ['> 1KiB', '>', 1_024, 'bytes'],
  ])('reads %j', (text, comparison, threshold, unit) => {
    expect(parseCondition(text)).toMatchObject({ comparison, threshold, unit });
  });

  it.each(['', '10%', '>', '> ', '> ten', '=> 5', '> 5x', '> 1.5s', '> 10 %%', '>> 5', '> 5 5', '= 5', '> NaN', '> Infinity', '> 5 MiBs', '> 1m1h'])('refuses %j with a sentence', (text) => {
    expect(parseCondition(text)).toEqual({ problem: expect.stringMatching(/^".*" is not a (condition|threshold): write /s) as string });
  });

  it('holds as its comparison says, also at the threshold and at infinity', () => {
    const held = (comparison: string): boolean[] => [1, 2, 3, Infinity, -Infinity].map((value) => conditionHolds(parseCondition(`${comparison} 2`) as Condition, value));
    expect(held('>')).toEqual([false, false, true, true, false]);
    expect(held('>=')).toEqual([false, true, true, true, false]);
    expect(held('<')).toEqual([true, false, false, false, true]);
    expect(held('<=')).toEqual([true, true, false, false, true]);
    expect(held('==')).toEqual([false, true, false, false, false]);
    expect(held('!=')).toEqual([true, false, true, true, true]);
  });

  it('reads its own text again as the same', () => {
    const written = fc.tuple(fc.constantFrom('>', '>=', '<', '<=', '==', '!='), fc.constantFrom('', ' ', '  '), fc.nat(10_000), fc.constantFrom('', '%', 's', 'm', 'B', 'KiB', 'MB'));
    fc.assert(
      fc.property(written, ([comparison, space, number, unit]) => {
        const condition = parseCondition(`${comparison}${space}${String(number)}${unit}`) as Condition;
        expect(parseCondition(condition.text)).toEqual(condition);
      }),
    );
  });

  it('is exact with percentages', () => {
    for (const [text, threshold] of [['> 0.1%', 0.001], ['> 7%', 0.07], ['> 57%', 0.57], ['> 150%', 1.5]] as const) {
      expect((parseCondition(text) as Condition).threshold).toBe(threshold);
    }
  });
});

it.each<[number, Condition['unit'], string]>([
  [0.1234, 'ratio', '12.3%'],
  [1, 'ratio', '100%'],
  [0, 'ratio', '0%'],
  [1.2345, 'seconds', '1.23s'],
  [0.25, 'seconds', '250ms'],
  [0, 'seconds', '0s'],
  [300_000_000, 'bytes', '300 MB'],
  [0, 'bytes', '0 B'],
  [7, 'number', '7'],
  [123_456, 'number', '123456'],
  [0.000123456, 'number', '0.000123'],
  [Infinity, 'ratio', '+Inf'],
  [-Infinity, 'seconds', '-Inf'],
])('%d in %s is shown as %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});
