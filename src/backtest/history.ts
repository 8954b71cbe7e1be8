import type { Observation } from '../source/sample.js';

/** What was, oldest first and in pieces, so that a month need not be in memory at once. */
export interface History {
  /** The nominal distance of two answers. */
  readonly stepMs: number;
  /** Rejects with a BelayError when it cannot be told. */
  readonly batches: AsyncIterable<HistoryBatch>;
}

export interface HistoryBatch {
  readonly observations: readonly Observation[];
  /** How much of the whole has been told with this piece, 0 to 1. */
  readonly share: number;
}
