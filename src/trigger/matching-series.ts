import type { Labels, SeriesSample } from '../source/sample.js';

/** The identity of a series among those of one answer. */
export function seriesKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is known beside the series of an answer, by `seriesKey`: for the same labels, or of the whole where it has none. */
export function besideSeries<T>(beside: ReadonlyMap<string, T>, { labels }: SeriesSample): T | undefined {
  return beside.get(seriesKey(labels)) ?? (beside.size === 1 ? beside.get(seriesKey({})) : undefined);
}
