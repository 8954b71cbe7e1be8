import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';

/** The value of the store that holds `through` of the last removal, in milliseconds since the epoch. */
export const REMOVED_BEFORE = 'incidents-removed-before';

/** A line without what it says. */
export interface LineHead {
  readonly seq: number;
  readonly type: JournalEvent['type'];
}

export interface EndedIncident {
  readonly id: string;
  readonly target: string;
  /** The line that ended it. */
  readonly endSeq: number;
}

/** What the retention does to the store, in pieces that are small enough to stand between the guard's own writes. */
export interface RetentionStore {
  /** The newest line whose messages are in the outbox: later ones are still to be read. */
  composedUpTo(): Promise<number>;
  /** Lines of these types older than `before` (milliseconds since the epoch) behind `afterSeq`, in order. */
  oldLines(types: readonly JournalEvent['type'][], before: number, afterSeq: number, limit: number): Promise<readonly JournalEntry[]>;
  /** Incidents that ended before an instant, by the line that ended them. */
  endedIncidents(before: number, afterSeq: number, limit: number): Promise<readonly EndedIncident[]>;
  /** Whether the incident still has the line that opened or ended it. */
  hasIncident(incidentId: string): Promise<boolean>;
  linesOfIncident(incidentId: string): Promise<readonly LineHead[]>;
  /**
   * Removes lines in one transaction and books the gaps that they leave. `through`: incidents that ended before it may be
   * missing from now on.
   */
  removeLines(seqs: readonly number[], through: number, at: number): Promise<void>;
  /** Forgets in which thread of which channel an incident was told. */
  removeThreads(incidentId: string): Promise<void>;
  /** Removes messages that went out, or could not, before an instant, but for what customers were told of an incident that is kept: its report says that. Resolves with how many, `limit` at most. */
  removeSettledMessages(before: number, limit: number): Promise<number>;
  /** Removes messages that Alertmanagers sent before an instant; resolves with how many, `limit` at most. */
  removeReceivedMessages(before: number, limit: number): Promise<number>;
}
