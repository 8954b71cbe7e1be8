import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSeries, type SeriesValue } from '../../src/scenario/series-notation.js';

interface Written {
  readonly text: string;
  readonly values: readonly SeriesValue[];
}

const number = fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.integer({ min: -8_000, max: 8_000 }).map((eighths) => eighths / 8));
const times = fc.integer({ min: 0, max: 20 });
const signed = (step: number): string => (step < 0 || Object.is(step, -0) ? String(step) : `+${step}`);

/** One item of the notation, and what it stands for, spelled out independently of the reader. */
const item: fc.Arbitrary<Written> = fc.oneof(
  number.map((value) => ({ text: String(value), values: [value] })),
  fc.tuple(number, times).map(([value, more]) => ({ text: `${value}x${more}`, values: [value, ...Array<number>(more).fill(value)] })),
  fc.tuple(number, number, times).map(([from, step, more]) => {
    const values = [from];
    for (let taken = 0; taken < more; taken += 1) values.push((values.at(-1) ?? 0) + step);
    return { text: `${from}${signed(step)}x${more}`, values };
  }),
  fc.constant<Written>({ text: '_', values: ['missing'] }),
  times.map((count) => ({ text: `_x${count}`, values: Array<SeriesValue>(count).fill('missing') })),
  fc.constant<Written>({ text: 'stale', values: ['stale'] }),
);
const series: fc.Arbitrary<Written> = fc
  .array(item, { minLength: 1, maxLength: 8 })
  .map((items) => ({ text: items.map(({ text }) => text).join(' '), values: items.flatMap(({ values }) => values) }))
  .filter(({ values }) => values.length > 0);

describe('the notation of series', () => {
  test('stands for what promtool says that it does', () => {
    fc.assert(
      fc.property(series, ({ text, values }) => {
        expect(parseSeries(text)).toEqual(values);
      }),
    );
  });

  test.each<[text: string, values: SeriesValue[]]>([
    ['0+1x3', [0, 1, 2, 3]],
    ['5-2x2', [5, 3, 1]],
    ['-1+0.5x2', [-1, -0.5, 0]],
    ['0.2x2', [0.2, 0.2, 0.2]],
    ['  1   _x2\n stale ', [1, 'missing', 'missing', 'stale']],
    ['1e3 +2 .5 Inf -Inf NaN', [1_000, 2, 0.5, Infinity, -Infinity, NaN]],
    ['1e-3+1e-3x1', [0.001, 0.002]],
  ])('%s', (text, values) => {
    expect(parseSeries(text)).toEqual(values);
  });

  test.each([
    ['', 'at least one value'],
    ['banana', '"banana" is no value of a series'],
    ['1+1', 'write 1+1x10'],
    ['1x', '"1x" is no value'],
    ['1x-3', '"1x-3" is no value'],
    ['1 x 3', '"x" is no value'],
    ['stalex3', '"stalex3" is no value'],
    ['{{schema:1}}', 'native histograms'],
    ['1x99999999', '1000000 values at most'],
    ['_x600000 _x600000', '1000000 values at most'],
    ['1e999', 'beyond what a number can hold'],
  ])('refuses "%s"', (text, words) => {
    expect(parseSeries(text)).toMatchObject({ problem: expect.stringContaining(words) as string });
  });

  test('promtool itself reads the same', async () => {
    const samples = fc.sample(series, { numRuns: 40, seed: 7 });
    const intervalSeconds = 600; // Longer than Prometheus looks back, so that what is missing is missing.
    const tests = samples.map(({ text }) => {
      const read = parseSeries(text) as readonly SeriesValue[];
      return {
        interval: `${intervalSeconds}s`,
        input_series: [{ series: 'x', values: text }],
        promql_expr_test: read.map((value, index) => ({
          expr: 'x',
          eval_time: `${index * intervalSeconds}s`,
          exp_samples: typeof value === 'number' ? [{ labels: 'x', value }] : [],
        })),
      };
    });
    const directory = await mkdtemp(join(tmpdir(), 'belay-notation-'));
    try {
      const file = join(directory, 'tests.json');
      await writeFile(file, JSON.stringify({ rule_files: [], tests }));
      const { stdout } = await promisify(execFile)('promtool', ['test', 'rules', file]).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error('promtool is missing: install the Debian package "prometheus"');
        throw error;
      });
      expect(stdout).toContain('SUCCESS');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
