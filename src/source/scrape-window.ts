import type { Labels } from './sample.js';

/** One time series of a scraped endpoint; the same object in every scrape that has it. */
export interface Series {
  readonly name: string;
  readonly labels: Labels;
  /** The scrape in which it was there for the first time. */
  readonly firstSeenAt: number;
}

/**
 * How a scrape follows the one before it: counters go on (or, without a declared start, restart unseen); the process was
 * started in between, so that every counter began at zero; or another, older process has answered, so that nothing
 * can be compared.
 */
export type Continuity = 'same' | 'restarted' | 'other-process';

/** What one scrape found of the metrics that signals need. A metric without an entry was not looked for at that time. */
export interface Scrape {
  readonly at: number;
  readonly continuity: Continuity;
  readonly metrics: ReadonlyMap<string, ReadonlyMap<Series, number>>;
}
