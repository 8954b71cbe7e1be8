import { describe, expect, test } from 'vitest';
import { parseErrors } from '../../src/scenario/error-notation.js';
import { healthWords } from '../../src/scenario/scenario.js';
import { parseWords } from '../../src/scenario/word-notation.js';

describe('words over time', () => {
  test('a word stands for one point, with a count for so many', () => {
    expect(parseWords('up x2 down x3 timeout', healthWords)).toEqual(['up', 'up', 'down', 'down', 'down', 'timeout']);
    expect(parseWords('  upx2\n down', healthWords)).toEqual(['up', 'up', 'down']);
    expect(parseWords('up x0 down', healthWords)).toEqual(['down']);
  });

  test.each([
    ['dwon x3', '"dwon" is not one of up, down'],
    ['x3 up', '"" is not one of'],
    ['up x', '"x" is not one of'],
    ['', 'needs at least one of'],
    ['up x0', 'needs at least one of'],
    ['up x99999999', 'more than 1000000'],
  ])('refuses "%s"', (text, words) => {
    expect(parseWords(text, healthWords)).toMatchObject({ problem: expect.stringContaining(words) as string });
  });
});

describe('errors of a source', () => {
  test('for spans of time', () => {
    expect(parseErrors('from 3m to 5m, timeout from 1h')).toEqual({
      kind: 'spans',
      spans: [{ fromMs: 180_000, toMs: 300_000, reason: 'unreachable' }, { fromMs: 3_600_000, toMs: undefined, reason: 'timeout' }],
    });
  });

  test('point by point', () => {
    expect(parseErrors('ok x2 timeout')).toEqual({ kind: 'points', points: ['ok', 'ok', 'timeout'] });
  });

  test.each([
    ['from 5m to 3m', 'is no span'],
    ['from 5', 'is no span'],
    ['from 3m till 5m', 'is no span'],
    ['slow from 3m', '"slow" is not one of unreachable'],
    ['always', '"always" is not one of ok, unreachable'],
  ])('refuses "%s"', (text, words) => {
    expect(parseErrors(text)).toMatchObject({ problem: expect.stringContaining(words) as string });
  });
});
