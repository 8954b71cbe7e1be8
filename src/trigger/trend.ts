/**
 * `trend: rising`: whether what is over its threshold is also growing, told from the slot samples of the window.
 *
 * A straight line is fitted by least squares, through all of the window and once more through its newer half, so that a
 * growth which has come to rest does not go on counting. Both lines must rise with certainty: the slope is positive by
 * more than its standard error times Student's t for a one-sided 99.9%. The error is taken to be larger where
 * neighbouring samples err in the same direction, because a value that only wanders about looks like a line too. A value
 * that does not move has no slope, and neither has one that is infinite.
 *
 * Memory is bounded: a long window keeps means of neighbouring samples.
 */
import type { TrendPoint } from './alert.js';

/** What each half of a window needs at least for its slope to be certain. */
const FEWEST_POINTS = 6;
/** The slots that a window must be long for a trend to be told at all. */
export const FEWEST_TREND_SLOTS = 2 * FEWEST_POINTS;

const POINTS_PER_WINDOW = 120;
/** Of the standard normal distribution, one-sided: 99.9%. */
const CERTAIN = 3.0902;
/** Growth over the window, as a share of the largest value, that is no more than the rounding of floating point. */
const NO_GROWTH = 1e-9;
const STRONGEST_LIKENESS = 0.99;

/** The points of a window of `windowMs` after one more sample. */
export function withPoint(points: readonly TrendPoint[], sample: { readonly at: number; readonly value: number }, windowMs: number): readonly TrendPoint[] {
  const bin = (at: number): number => Math.floor((at * POINTS_PER_WINDOW) / windowMs);
  const within = points.filter(({ at }) => at >= sample.at - windowMs);
  const last = within.at(-1);
  if (last === undefined || bin(last.at) !== bin(sample.at)) return [...within, { ...sample, samples: 1 }];
  const samples = last.samples + 1;
  const mean = (before: number, added: number): number => before + (added - before) / samples;
  return [...within.slice(0, -1), { at: mean(last.at, sample.at), value: mean(last.value, sample.value), samples }];
}

export function isRising(points: readonly TrendPoint[]): boolean {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return false;
  const middle = (first.at + last.at) / 2;
  return certainlyRises(points.filter(({ at }) => at >= middle)) && certainlyRises(points);
}

function certainlyRises(points: readonly TrendPoint[]): boolean {
  if (points.length < FEWEST_POINTS || !points.every(({ value }) => Number.isFinite(value))) return false;
  const meanAt = meanOf(points.map(({ at }) => at));
  const meanValue = meanOf(points.map(({ value }) => value));
  const away = points.map(({ at, value }) => ({ at: at - meanAt, value: value - meanValue }));
  const spread = sumOf(away.map(({ at }) => at * at));
  const slope = sumOf(away.map(({ at, value }) => at * value)) / spread;
  const growth = slope * ((points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0));
  if (!(growth > NO_GROWTH * Math.max(...points.map(({ value }) => Math.abs(value))))) return false;
  const errors = away.map(({ at, value }) => value - slope * at);
  const freedom = points.length - 2;
  const squares = sumOf(errors.map((error) => error * error));
  const likeness = squares === 0 ? 0 : sumOf(errors.slice(1).map((error, index) => error * (errors[index] ?? 0))) / squares;
  const alike = Math.min(STRONGEST_LIKENESS, Math.max(0, likeness));
  const standardError = Math.sqrt((squares / freedom / spread) * ((1 + alike) / (1 - alike)));
  return slope > certainT(freedom) * standardError;
}

/** Student's t for `CERTAIN`, by the expansion around the normal distribution of Cornish and Fisher. */
function certainT(freedom: number): number {
  const z = CERTAIN;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function meanOf(numbers: readonly number[]): number {
  return sumOf(numbers) / numbers.length;
}
