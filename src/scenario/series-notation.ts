import { parsePrometheusNumber } from '../source/prometheus-number.js';

/** One point of a series: a number (NaN and ±Inf included), nothing at all, or the mark that the series has ended. */
export type SeriesValue = number | 'missing' | 'stale';

export interface NotationProblem {
  readonly problem: string;
  readonly hint?: string | undefined;
}

/** A month of 15 seconds has 175,000 points; far more than this was not meant so. */
const MOST_VALUES = 1_000_000;
const NUMBER = String.raw`(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI]nf|[nN]a[nN])`;
const ITEM = new RegExp(`^([+-]?${NUMBER})([+-]${NUMBER})?(?:x(\\d+))?$`);
const BLANK = /^_(?:x(\d+))?$/;

/**
 * Reads the notation of `promtool test rules`: `1 2 3`; `0+1x10`, which is 0 and ten more, each higher by 1; `5x3`,
 * which is 5 and three more; `_` and `_x5`, one and five points without a sample; `stale`.
 */
export function parseSeries(text: string): readonly SeriesValue[] | NotationProblem {
  const values: SeriesValue[] = [];
  for (const item of text.split(/\s+/).filter((word) => word !== '')) {
    const problem = readItem(item, values);
    if (problem !== undefined) return { problem };
    if (values.length > MOST_VALUES) return tooMany;
  }
  return values.length === 0 ? { problem: 'a series needs at least one value' } : values;
}

const tooMany: NotationProblem = { problem: `a series may have ${MOST_VALUES} values at most` };

function readItem(item: string, values: SeriesValue[]): string | undefined {
  if (item === 'stale') {
    values.push('stale');
    return undefined;
  }
  const blank = BLANK.exec(item);
  if (blank !== null) return repeat(values, Number(blank[1] ?? 1), () => 'missing');
  if (item.startsWith('{{')) return 'native histograms ({{…}}) cannot be written here: write the buckets as series of their own';
  const match = ITEM.exec(item);
  if (match === null) return `"${item}" is no value of a series: write numbers, 0+1x10, 5x3, _, _x5 or stale`;
  const [, first = '', step, times] = match;
  if (step !== undefined && times === undefined) return `"${item}" does not say how often the step is taken: write ${item}x10`;
  const [from, by] = [parsePrometheusNumber(first), step === undefined ? 0 : parsePrometheusNumber(step)];
  if (from === undefined || by === undefined) return `"${item}" is beyond what a number can hold`;
  return repeat(values, Number(times ?? 0) + 1, (index) => (index === 0 || by === 0 ? from : from + index * by));
}

function repeat(values: SeriesValue[], count: number, value: (index: number) => SeriesValue): string | undefined {
  if (values.length + count > MOST_VALUES) return tooMany.problem;
  for (let index = 0; index < count; index += 1) values.push(value(index));
  return undefined;
}
