import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { csvHistory, type CsvRange } from '../../src/backtest/csv-history.js';
import { parseCsvLine, parseInstant } from '../../src/backtest/csv-line.js';

function csvFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'belay-csv-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'Errors.csv');
  writeFileSync(file, text);
  return file;
}

/** `[at, value]` for each tick; `undefined` where nothing is known. */
async function read(text: string, range: Partial<CsvRange> = {}): Promise<{ readonly stepMs: number; readonly ticks: readonly (readonly [number, number | undefined])[] }> {
  const file = csvFile(text);
  const history = await csvHistory(file, { bytes: statSync(file).size, ...range });
  const ticks: (readonly [number, number | undefined])[] = [];
  let share = 0;
  for await (const batch of history.batches) {
    share = batch.share;
    for (const { at, ...observation } of batch.observations) {
      const sample = 'series' in observation ? observation.series[0]?.sample : undefined;
      ticks.push([at, sample?.kind === 'value' ? sample.value : undefined]);
    }
  }
  expect(share).toBe(1);
  return { stepMs: history.stepMs, ticks };
}

describe('an instant', () => {
  it.each([
    ['1777593600', 1_777_593_600_000],
    ['1777593600.25', 1_777_593_600_250],
    ['1777593600250', 1_777_593_600_250],
    ['2026-05-01T00:00:00Z', 1_777_593_600_000],
    ['2026-05-01T02:00:00.5+02:00', 1_777_593_600_500],
    ['2026-05-01 00:00:00Z', 1_777_593_600_000],
  ])('%s', (text, at) => {
    expect(parseInstant(text)).toBe(at);
  });

  it.each(['', 'yesterday', '2026-05-01', '2026-05-01T00:00:00', '2026-13-01T00:00:00Z', '-5', '1e9', '0x10'])('"%s" is none', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

describe('a line', () => {
  it('may be quoted and spaced', () => {
    expect(parseCsvLine('"1777593600" , "0.5"')).toEqual({ at: 1_777_593_600_000, value: 0.5 });
  });

  it.each([
    ['1,2,3', /3 columns/],
    ['1', /1 column,/],
    ['1,', /"" is not a value/],
    ['1,ten', /"ten" is not a value/],
    ['1,1_000', /is not a value/],
    ['soon,1', /"soon" is not a time/],
  ])('%s is bad', (line, problem) => {
    expect(parseCsvLine(line)).toEqual({ problem: expect.stringMatching(problem) as unknown });
  });
});

describe('a file', () => {
  it('has its own step and no data where samples are missing', async () => {
    expect(await read('timestamp,value\r\n1000,1\r\n1060,2\r\n1120,3\r\n\r\n1300,NaN\r\n1360,-Inf\r\n')).toEqual({
      stepMs: 60_000,
      ticks: [
        [1_000_000, 1], [1_060_000, 2], [1_120_000, 3],
        [1_180_000, undefined], [1_240_000, undefined],
        [1_300_000, undefined], [1_360_000, -Infinity],
      ],
    });
  });

  it('keeps the times of samples that are not quite in step', async () => {
    const { ticks } = await read('1000.2,1\n1014.9,1\n1030.4,1\n1045,1\n', { stepMs: 15_000 });
    expect(ticks.map(([at]) => at)).toEqual([1_000_200, 1_014_900, 1_030_400, 1_045_000]);
  });

  it('is thinned out by a longer step, and cut by a range', async () => {
    const text = Array.from({ length: 41 }, (_, index) => `${1200 + index * 15},${index}`).join('\n');
    expect((await read(text, { stepMs: 60_000 })).ticks.map(([, value]) => value)).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
    expect((await read(text, { fromAt: 1_230_000, toAt: 1_260_000 })).ticks.map(([, value]) => value)).toEqual([2, 3, 4]);
  });

  it('names every bad line, and tells nothing of such a file', async () => {
    const file = csvFile('timestamp,value\n1000,1\n1015,x\n1015,1\n1010,1\nlater,2\n1030,1\n');
    const error = await read('timestamp,value\n1000,1\n1015,x\n1015,1\n1010,1\nlater,2\n1030,1\n').catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'parameter-invalid' });
    expect((error as Error).message.split('\n').map((line) => line.replace(/^.*\.csv:/, ''))).toEqual([
      '3: "x" is not a value: write a number, NaN, +Inf or -Inf',
      '5: is not later than the line before it',
      '6: "later" is not a time: write unix seconds, unix milliseconds or RFC 3339 (2026-05-01T12:00:00Z)',
    ]);
    await expect(csvHistory(file, { bytes: 1 })).rejects.toMatchObject({ code: 'parameter-invalid' });
  });

  it('does not list a thousand bad lines', async () => {
    const error = await read('a,b\n'.repeat(1_000)).catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message.split('\n')).toHaveLength(11);
  });

  it('needs two samples to have a step', async () => {
    await expect(read('1000,1\n')).rejects.toThrow(/fewer than two samples/);
    await expect(read('')).rejects.toThrow(/fewer than two samples/);
    expect((await read('1000,1\n', { stepMs: 15_000 })).ticks).toEqual([[1_000_000, 1]]);
  });

  it('that is not there is an error', async () => {
    await expect(csvHistory('/nowhere/Errors.csv', { bytes: 1 })).rejects.toMatchObject({ code: 'parameter-invalid' });
  });
});
