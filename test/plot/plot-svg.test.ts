import { describe, expect, it } from 'vitest';
import { timeTicks, valueAxis } from '../../src/plot/axis.js';
import { pixelPath } from '../../src/plot/pixel-path.js';
import { plotSvg } from '../../src/plot/plot-svg.js';
import type { Plot, PlotPoint } from '../../src/plot/plot.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const mayFirst = Date.UTC(2026, 4, 1);

const point = (at: number, value: number): PlotPoint => ({ fromAt: at, toAt: at, min: value, max: value });

function aPlot(changes: Partial<Plot> = {}): Plot {
  return {
    description: 'Errors over time',
    fromAt: mayFirst,
    toAt: mayFirst + DAY,
    unit: 'ratio',
    lines: [{ name: 'a', points: Array.from({ length: 96 }, (_, index) => point(mayFirst + index * 900_000, 0.01)) }],
    thresholds: [{ value: 0.1, text: '> 10%' }],
    bands: [],
    joinWithinMs: 1_350_000,
    ...changes,
  };
}

describe('the axes', () => {
  it('have round instants, as many as there is room for', () => {
    expect(timeTicks(mayFirst + 1, mayFirst + 3 * HOUR, 6).map(({ text }) => text)).toEqual(['00:30', '01:00', '01:30', '02:00', '02:30', '03:00']);
    expect(timeTicks(mayFirst - HOUR, mayFirst + 2 * HOUR, 4).map(({ text }) => text)).toEqual(['23:00', 'May 1', '01:00', '02:00']);
    expect(timeTicks(mayFirst, mayFirst + 90 * DAY, 8).length).toBeLessThanOrEqual(9);
    expect(timeTicks(mayFirst, mayFirst + 40 * 365 * DAY, 8).length).toBeLessThanOrEqual(9);
  });

  it('have round values in the unit of the condition, with room for the highest', () => {
    const axis = valueAxis([0.01, 0.234], 'ratio', 5);
    expect(axis.ticks.map(({ text }) => text)).toEqual(['0%', '5%', '10%', '15%', '20%', '25%']);
    expect(axis.high).toBeGreaterThan(0.234);
  });

  it('begin at 0 unless all values are far from it', () => {
    expect(valueAxis([0.2, 0.9], 'ratio', 5).low).toBe(0);
    expect(valueAxis([0.95, 0.999], 'ratio', 5).low).toBeGreaterThan(0.8);
    expect(valueAxis([-5, 5], 'number', 5).low).toBeLessThanOrEqual(-5);
  });

  it.each([[[]], [[0]], [[7, 7]], [[-3]], [[Infinity, -Infinity]], [[1e308, -1e308]], [[5e-324]]])('stay finite for %j', (values) => {
    const { low, high, ticks } = valueAxis(values, 'number', 5);
    expect(Number.isFinite(low) && Number.isFinite(high) && low < high).toBe(true);
    expect(ticks.length).toBeLessThan(50);
  });
});

describe('a line', () => {
  const scale = { x: (at: number) => at / 1_000, y: (value: number) => 100 - value };

  it('keeps the least and the greatest value of each column of pixels', () => {
    const points = Array.from({ length: 1_000 }, (_, index) => point(index * 10, index === 503 ? 90 : index === 507 ? 5 : 20));
    const path = pixelPath(points, scale, 15);
    expect(path.match(/[ML]/g)).toHaveLength(10);
    expect(path).toMatch(/L5 80V|L5 10V95|L5 95V10/);
  });

  it('is broken where nothing is known', () => {
    expect(pixelPath([point(0, 1), point(1_000, 1), point(9_000, 1)], scale, 1_500).match(/M/g)).toHaveLength(2);
  });

  it('shows a single point as a dot', () => {
    expect(pixelPath([point(0, 1)], scale, 1_500)).toBe('M0 99h2');
  });
});

describe('the drawing', () => {
  it('does not grow with the number of points', () => {
    const many = Array.from({ length: 172_800 }, (_, index) => point(mayFirst + index * 15_000, Math.sin(index)));
    expect(plotSvg(aPlot({ toAt: mayFirst + 30 * DAY, lines: [{ name: 'a', points: many }] })).length).toBeLessThan(40_000);
  });

  it('shows a short firing in a long time, and the drawing does not leave its frame', () => {
    const svg = plotSvg(aPlot({ toAt: mayFirst + 30 * DAY, bands: [{ kind: 'firing', fromAt: mayFirst + DAY, toAt: mayFirst + DAY + 60_000 }] }), { width: 960 });
    const [, from = '', to = ''] = /class="firing" d="M([\d.]+) \d+H([\d.]+)V/.exec(svg) ?? [];
    expect(Number(to) - Number(from)).toBeCloseTo(2, 1);
    const atTheEnd = plotSvg(aPlot({ bands: [{ kind: 'firing', fromAt: mayFirst + DAY, toAt: mayFirst + 2 * DAY }] }), { width: 960 });
    for (const [, x] of atTheEnd.matchAll(/class="firing" d="M[\d.]+ \d+H([\d.]+)V/g)) expect(Number(x)).toBeLessThanOrEqual(948);
  });

  it('puts bands that touch into one', () => {
    const bands = Array.from({ length: 5_000 }, (_, index) => ({ kind: 'pending' as const, fromAt: mayFirst + index * 10_000, toAt: mayFirst + index * 10_000 + 5_000 }));
    expect(plotSvg(aPlot({ bands })).match(/class="pending"/g)).toHaveLength(1);
  });

  it('escapes what labels and conditions hold', () => {
    const svg = plotSvg(aPlot({ description: '"><script>', lines: [{ name: '<b>&', points: [] }, { name: "'", points: [] }], thresholds: [{ value: 1, text: '< 5' }] }));
    expect(svg).not.toMatch(/<script>|<b>/);
    expect(svg).toContain('&lt;b&gt;&amp;');
    expect(svg).toContain('&lt; 5');
  });

  it('has no NaN for values that lie outside of every axis', () => {
    expect(plotSvg(aPlot({ lines: [{ name: 'a', points: [point(mayFirst, Infinity), point(mayFirst + HOUR, -Infinity)] }], fromAt: mayFirst, toAt: mayFirst }))).not.toMatch(/NaN|Infinity/);
  });

  it('follows the reader between light and dark, or is fixed', () => {
    expect(plotSvg(aPlot())).toContain('prefers-color-scheme:dark');
    expect(plotSvg(aPlot(), { theme: 'dark' })).not.toContain('prefers-color-scheme');
  });

  it('does not paint the other plots of its page', () => {
    for (const theme of ['auto', 'light', 'dark'] as const) {
      const [, classes = ''] = /^<svg [^>]*class="([^"]*)"/.exec(plotSvg(aPlot(), { theme })) ?? [];
      const colours = /<style>([^{}]*)\{/.exec(plotSvg(aPlot(), { theme }))?.[1];
      expect(colours).toContain(`.belay-plot-${theme}`);
      expect(classes.split(' ')).toContain(`belay-plot-${theme}`);
    }
  });
});
