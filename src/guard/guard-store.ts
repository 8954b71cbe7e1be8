import type { Alert } from '../trigger/alert.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';

/** What the guard must never forget. Every write resolves once it is durable, and one call is one transaction. */
export interface GuardStore {
  /** Appends in order; all or nothing. */
  append(events: readonly JournalEvent[]): Promise<readonly JournalEntry[]>;
  entriesAfter(seq: number, limit: number): Promise<readonly JournalEntry[]>;
  /** The number of the newest journal line; 0 when there is none. */
  lastSeq(): Promise<number>;
  entriesOfIncident(incidentId: string): Promise<readonly JournalEntry[]>;
  entriesOfExecution(executionId: string): Promise<readonly JournalEntry[]>;
  /** Events of the given types at or after `sinceAt` (milliseconds since the epoch), oldest first. */
  entriesOfTypes(types: readonly JournalEvent['type'][], sinceAt: number): Promise<readonly JournalEntry[]>;
  /** Executions with a `rollback-started` and no `rollback-ended`, oldest first. */
  unfinishedExecutions(): Promise<readonly string[]>;
  /** Incidents with an `incident-opened` and neither `incident-recovered` nor `incident-closed`, oldest first. */
  openIncidents(): Promise<readonly string[]>;
  /** Ids of incidents, newest first. */
  incidents(filter: { readonly target?: string | undefined; readonly limit: number; readonly beforeId?: string | undefined }): Promise<readonly string[]>;
  /** Replaces what is known of each alert (by fingerprint); inactive ones are forgotten. */
  saveAlerts(alerts: readonly Alert[]): Promise<void>;
  loadAlerts(): Promise<readonly Alert[]>;
  /** Small values by name, such as when the daemon was last alive. */
  saveValue(name: string, value: string): Promise<void>;
  loadValue(name: string): Promise<string | undefined>;
}
