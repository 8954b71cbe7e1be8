import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeMarks } from '../../src/plot/place-marks.js';
import { plotPng } from '../../src/plot/plot-png.js';
import { plotSvg } from '../../src/plot/plot-svg.js';
import type { Plot } from '../../src/plot/plot.js';

const MINUTE = 60_000;
const fromAt = Date.UTC(2026, 0, 1, 2, 50);

function aPlot(changes: Partial<Plot> = {}): Plot {
  return {
    description: 'CheckoutErrorRateHigh',
    fromAt,
    toAt: fromAt + 30 * MINUTE,
    unit: 'ratio',
    lines: [{ name: 'a', points: Array.from({ length: 120 }, (_, index) => ({ fromAt: fromAt + index * 15_000, toAt: fromAt + index * 15_000, min: index / 400, max: index / 400 })) }],
    thresholds: [{ value: 0.1, text: '> 10%' }],
    bands: [{ kind: 'firing', fromAt: fromAt + 14 * MINUTE, toAt: fromAt + 30 * MINUTE }],
    marks: [{ at: fromAt + 9 * MINUTE, text: 'began' }],
    joinWithinMs: 22_500,
    ...changes,
  };
}

describe('a picture of a plot', () => {
  it('is a PNG with twice the pixels, small enough for any message', async () => {
    const png = await plotPng(aPlot(), { width: 600, height: 240 });
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 480]);
    expect(png.length).toBeLessThan(150_000);
  });

  it('has its words in it, without any font of the machine', async () => {
    const [words, others] = await Promise.all([plotPng(aPlot()), plotPng(aPlot({ marks: [{ at: fromAt + 9 * MINUTE, text: 'fired' }] }))]);
    expect(words.equals(others)).toBe(false);
  });

  it('has the colours of its theme, and no variables, which it could not resolve', () => {
    for (const theme of ['light', 'dark'] as const) expect(plotSvg(aPlot(), { theme })).not.toContain('var(');
    expect(plotSvg(aPlot())).toContain('var(--plot-mark)');
  });

  it('takes whatever labels hold', async () => {
    const hostile = aPlot({ lines: [{ name: '"><script>&\u0000\u202e', points: [] }, { name: '𝔸'.repeat(500), points: [] }], marks: [{ at: fromAt, text: '</text>&' }] });
    expect((await plotPng(hostile)).length).toBeGreaterThan(1_000);
  });
});

describe('marks', () => {
  it('stand in the order of time, between the edges, and their texts do not touch', () => {
    const mark = fc.record({ at: fc.integer({ min: fromAt - MINUTE, max: fromAt + 31 * MINUTE }), text: fc.constantFrom('began', 'fired', 'level 1', 'recovered') });
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 12 }), (marks) => {
        const { placed, rows } = placeMarks(aPlot({ marks }), 40, 588);
        expect(placed).toHaveLength(marks.filter(({ at }) => at >= fromAt && at <= fromAt + 30 * MINUTE).length);
        for (const [index, { textX, text, row, x }] of placed.entries()) {
          expect(row).toBeLessThan(rows);
          expect(x >= 40 && x <= 588 && textX >= 40 && textX + text.length * 6.6 <= 588).toBe(true);
          const touching = placed.filter((other, at) => at !== index && other.row === row && other.textX < textX + text.length * 6.6 && textX < other.textX + other.text.length * 6.6);
          expect(touching).toEqual([]);
        }
      }),
    );
  });

  it('are drawn with their words', () => {
    expect(plotSvg(aPlot())).toContain('>began</text>');
    expect(plotSvg(aPlot({ marks: undefined }))).not.toContain('class="mark"');
  });
});
