import type { Scrape, Series } from './scrape-window.js';

/**
 * By how much a counter has grown over successive scrapes, without extrapolation. A value below the one before is a
 * reset, after which it has counted from zero. A series that appears counts from zero only if it is certain that it was
 * not there before: the scrape before it, of the same process, lacked it, and so did all that are remembered. One that
 * was away and comes back is compared with its last value in the window; without one it adds nothing yet.
 */
export function increaseOf(series: Series, scrapes: readonly Scrape[]): number {
  let increase = 0;
  /** What the next value is compared with; absent where nothing is known of the time before. */
  let last: number | undefined;
  for (const [index, scrape] of scrapes.entries()) {
    const value = scrape.metrics.get(series.name)?.get(series);
    const begins = index === 0 || scrape.continuity === 'other-process';
    if (begins) last = series.firstSeenAt > scrape.at ? 0 : undefined;
    else if (scrape.continuity === 'restarted') last = 0;
    if (value === undefined || Number.isNaN(value)) continue;
    if (last !== undefined) increase += value >= last ? value - last : value;
    last = value;
  }
  return increase;
}

/** Whether any two scrapes that follow each other can be compared at all. */
export function canCompare(scrapes: readonly Scrape[]): boolean {
  return scrapes.some((scrape, index) => index > 0 && scrape.continuity !== 'other-process');
}
