/** How many observations were at most `upperBound` (cumulative, as in `le`). */
export interface Bucket {
  readonly upperBound: number;
  readonly count: number;
}

/**
 * The quantile of a classic histogram by Prometheus' rules: linear within a bucket, whose lower bound is the bucket
 * before (0 for the first, if its own bound is above 0); the largest finite bound if it lies beyond. NaN without
 * observations, without a `+Inf` bucket or with that one alone. Buckets may come in any order.
 */
export function histogramQuantile(quantile: number, unordered: readonly Bucket[]): number {
  const buckets = monotonic(unordered);
  const last = buckets.at(-1);
  if (last?.upperBound !== Infinity || buckets.length < 2 || !(last.count > 0)) return NaN;
  const rank = quantile * last.count;
  const index = buckets.findIndex((bucket) => bucket.count >= rank);
  const bucket = buckets[index] ?? last;
  const before = buckets[index - 1];
  if (bucket === last) return buckets.at(-2)?.upperBound ?? NaN;
  if (before === undefined && bucket.upperBound <= 0) return bucket.upperBound;
  const lowerBound = before?.upperBound ?? 0;
  const countBefore = before?.count ?? 0;
  return lowerBound + (bucket.upperBound - lowerBound) * ((rank - countBefore) / (bucket.count - countBefore));
}

/** In the order of their bounds; equal bounds are added up, and no bucket has less than the one below it. */
function monotonic(unordered: readonly Bucket[]): readonly Bucket[] {
  const counts = new Map<number, number>();
  for (const { upperBound, count } of unordered) counts.set(upperBound, (counts.get(upperBound) ?? 0) + count);
  let highest = 0;
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([upperBound, count]) => {
      highest = Math.max(highest, count);
      return { upperBound, count: highest };
    });
}
