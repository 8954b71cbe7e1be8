import { formatValue, type Condition } from '../source/condition.js';

export interface AxisTick {
  readonly at: number;
  readonly text: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [1, 2, 5, 10, 15, 30].map((count) => count * SECOND)
  .concat([1, 2, 5, 10, 15, 30].map((count) => count * MINUTE))
  .concat([1, 2, 3, 6, 12].map((count) => count * HOUR))
  .concat([1, 2, 4, 7, 14, 28, 91, 182, 364].map((count) => count * DAY));
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Round instants (UTC) between two others, at most `most` of them: `14:30`, `May 3`. */
export function timeTicks(fromAt: number, toAt: number, most: number): readonly AxisTick[] {
  const step = TIME_STEPS.find((stepMs) => (toAt - fromAt) / stepMs <= most) ?? Math.ceil((toAt - fromAt) / most / DAY) * DAY;
  const ticks: AxisTick[] = [];
  for (let at = Math.ceil(fromAt / step) * step; at <= toAt; at += step) ticks.push({ at, text: timeText(at, step) });
  return ticks;
}

function timeText(at: number, step: number): string {
  const time = new Date(at);
  if (at % DAY === 0) return `${MONTHS[time.getUTCMonth()] ?? ''} ${time.getUTCDate()}`;
  return time.toISOString().slice(11, step < MINUTE ? 19 : 16);
}

export interface ValueAxis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly AxisTick[];
}

/** Beyond these, differences of doubles are no numbers any more. */
const LARGEST = 1e300;
const SMALLEST = 1e-300;

/** An axis with round numbers that has room for all values. It begins at 0, unless all of them are far from it. */
export function valueAxis(values: Iterable<number>, unit: Condition['unit'], most: number): ValueAxis {
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.max(-LARGEST, Math.min(least, value));
    greatest = Math.min(LARGEST, Math.max(greatest, value));
  }
  if (least > greatest) [least, greatest] = [0, 1];
  if (least > 0 && least < greatest * 0.6) least = 0;
  if (greatest < 0 && greatest > least * 0.6) greatest = 0;
  if (greatest - least < SMALLEST) [least, greatest] = Math.abs(least) < SMALLEST ? [0, 1] : [Math.min(0, 2 * least), Math.max(0, 2 * greatest)];
  const step = roundStep((greatest - least) / most);
  const low = Math.floor(least / step) * step;
  // A little air above the highest value, so that it does not hide in the frame.
  const high = Math.ceil((greatest + 0.04 * (greatest - least)) / step) * step;
  const count = Math.round((high - low) / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((low + index * step).toPrecision(12)));
  return { low, high, ticks: ticks.map((at) => ({ at, text: formatValue(at, unit) })) };
}

/** 1, 2 or 5 times a power of ten, not smaller than asked for. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= atLeast * 0.999_999) ?? 10;
  return factor * power;
}
