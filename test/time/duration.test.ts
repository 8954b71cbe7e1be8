import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/time/duration.js';

const unitsMs = { y: 31_536_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
    ['0', 0],
    ['0s', 0],
    ['1y2w3d4h5m6s7ms', unitsMs.y + 2 * unitsMs.w + 3 * unitsMs.d + 4 * unitsMs.h + 5 * unitsMs.m + 6_007],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', ' ', '5', '1.5m', '-5m', '5 m', '5M', 'm', '30s1m', '1m1m', '5min', '99999999999999999y'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('reads any sum of units, written largest first', () => {
    const counts = fc.tuple(...Object.keys(unitsMs).map(() => fc.option(fc.nat(999), { nil: undefined })));
    fc.assert(
      fc.property(counts, (written) => {
        const parts = Object.entries(unitsMs).flatMap(([unit, ms], index) => (written[index] === undefined ? [] : [{ text: `${written[index]}${unit}`, ms: written[index] * ms }]));
        fc.pre(parts.length > 0);
        expect(parseDuration(parts.map(({ text }) => text).join(''))).toBe(parts.reduce((sum, { ms }) => sum + ms, 0));
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [90_000, '1m30s'],
    [864_000_000, '10d'],
    [1_209_600_000, '2w'],
    [250, '250ms'],
    [0, '0s'],
    [-90_000, '-1m30s'],
    [1_499.6, '1s500ms'],
  ])('writes %d as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('writes what parseDuration reads back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
