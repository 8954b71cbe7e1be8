import fc from 'fast-check';
import type { Comparison } from '../../src/source/condition.js';
import type { Window } from '../../src/trigger/trigger.js';

/** One scrape of a raw series. */
export type RawPoint = number | 'missing' | 'stale' | 'nan' | 'inf' | '-inf';

export interface RandomCase {
  readonly type: 'gauge' | 'counter';
  /** By the label `instance`. */
  readonly series: Readonly<Record<string, readonly RawPoint[]>>;
  /** With `SELECTOR` where the raw series is meant. */
  readonly expr: string;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly window: Window;
  readonly keepFiringForMs: number | undefined;
}

/** Bits of a double's integer, so that the states at all ticks fit into one number. */
export const TICKS = 52;
export const STEP_MS = 15_000;
export const THRESHOLD = 0.1;

/** Runs of the same kind, so that windows fill, and short ones in between, so that they do not always. */
function runs<T>(point: fc.Arbitrary<() => T>): fc.Arbitrary<readonly T[]> {
  const run = fc.tuple(point, fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) }, { weight: 2, arbitrary: fc.integer({ min: 5, max: 14 }) }, { weight: 1, arbitrary: fc.integer({ min: 15, max: 26 }) }));
  return fc.array(run, { minLength: TICKS, maxLength: TICKS }).map((all) => all.flatMap(([next, length]) => Array.from({ length }, next)).slice(0, TICKS));
}

const holes: { weight: number; arbitrary: fc.Arbitrary<() => RawPoint> }[] = [
  { weight: 2, arbitrary: fc.constant(() => 'missing' as const) },
  { weight: 1, arbitrary: fc.constant(() => 'stale' as const) },
  { weight: 1, arbitrary: fc.constant(() => 'nan' as const) },
];

const gaugePoints = runs<RawPoint>(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0.2, 0.100_000_000_000_000_02, 0.15, 7, 'inf' as const).map((value) => () => value) },
    { weight: 5, arbitrary: fc.constantFrom(0, 0.1, 0.099_999_999_999_999_99, -3, '-inf' as const).map((value) => () => value) },
    ...holes,
  ),
);

/** How much a counter grows from scrape to scrape; `reset` begins again at 0. */
const counterPoints = runs<number | 'reset' | 'missing' | 'stale' | 'nan'>(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 1, 1.5, 3, 40).map((growth) => () => growth) },
    { weight: 2, arbitrary: fc.constant(() => 'reset' as const) },
    { weight: 2, arbitrary: fc.constant(() => 'missing' as const) },
    { weight: 1, arbitrary: fc.constant(() => 'stale' as const) },
    { weight: 1, arbitrary: fc.constant(() => 'nan' as const) },
  ),
).map((growths) => {
  let count = 5;
  return growths.map((growth): RawPoint => {
    if (growth === 'missing' || growth === 'stale' || growth === 'nan') return growth;
    count = growth === 'reset' ? 0 : count + growth;
    return count;
  });
});

function seriesOf(points: fc.Arbitrary<readonly RawPoint[]>): fc.Arbitrary<RandomCase['series']> {
  return fc.oneof({ weight: 3, arbitrary: points.map((a) => ({ a })) }, { weight: 1, arbitrary: fc.tuple(points, points).map(([a, b]) => ({ a, b })) });
}

const comparison = fc.constantFrom<Comparison>('>', '>', '>=', '<', '<=', '==', '!=');
/** Some that are no multiples of the interval, and nothing at all. */
const window = fc.oneof<fc.Arbitrary<Window>[]>(
  fc.constantFrom(0, 15_000, 20_000, 30_000, 50_000, 60_000, 90_000, 150_000, 300_000).map((forMs) => ({ kind: 'for' as const, forMs })),
  fc.integer({ min: 1, max: 6 }).map((count) => ({ kind: 'consecutive' as const, count })),
);

const keepFiringForMs = fc.constantFrom(undefined, undefined, 15_000, 40_000, 60_000);

const gauge = fc.record({
  type: fc.constant('gauge' as const),
  series: seriesOf(gaugePoints),
  expr: fc.constantFrom('SELECTOR', 'last_over_time(SELECTOR[20s])', 'max_over_time(SELECTOR[40s])', 'sum(SELECTOR)', 'max by (instance) (SELECTOR) # the worst', 'sum(SELECTOR) or vector(0)', 'scalar(SELECTOR)'),
  comparison,
  threshold: fc.constant(THRESHOLD),
  window,
  keepFiringForMs,
});

const counter = fc.record({
  type: fc.constant('counter' as const),
  series: seriesOf(counterPoints),
  expr: fc.constantFrom('rate(SELECTOR[1m])', 'increase(SELECTOR[45s]) / 20', 'sum(rate(SELECTOR[30s]))', 'resets(SELECTOR[2m]) / 10'),
  comparison,
  threshold: fc.constant(THRESHOLD),
  window,
  keepFiringForMs,
});

export const randomCase: fc.Arbitrary<RandomCase> = fc.oneof({ weight: 2, arbitrary: gauge }, { weight: 1, arbitrary: counter });
