import type { Generated } from 'kysely';

// The rows of migrations/*.sql, for Kysely. Instants are whole milliseconds since the epoch; `data` is tagged JSON.

export interface JournalTable {
  seq: Generated<number>;
  at: number;
  type: string;
  incident_id: string | null;
  target: string | null;
  execution_id: string | null;
  data: string;
  /** Absent only until an older store has been opened. */
  hash: string | null;
}

interface AlertTable {
  fingerprint: string;
  data: string;
}

interface GuardValueTable {
  name: string;
  value: string;
}

export interface OutboxTable {
  /** The order in which messages were enqueued. */
  position: Generated<number>;
  id: string;
  channel: string;
  incident_id: string | null;
  message: string;
  recipients: string;
  /** JSON; null where a mail goes to the configured addresses. */
  addresses: string | null;
  created_at: number;
  attempts: Generated<number>;
  next_attempt_at: number;
  state: Generated<'waiting' | 'sent' | 'undeliverable'>;
  settled_at: number | null;
  last_error: string | null;
  /** The channel that took it over while its own was dead. */
  handed_to: string | null;
}

interface OutboxCursorTable {
  id: 1;
  seq: number;
}

interface OutboxThreadTable {
  channel: string;
  incident_id: string;
  reference: string;
}

interface ReceivedMessageTable {
  seq: Generated<number>;
  received_at: number;
  sender: string;
  group_key: string;
  truncated_alerts: number;
  data: string;
}

interface ReceivedAlertTable {
  key: string;
  data: string;
}

interface JournalGapTable {
  first_seq: number;
  last_seq: number;
  last_hash: string | null;
  removed_at: number;
}

export interface Tables {
  journal: JournalTable;
  journal_gap: JournalGapTable;
  alert: AlertTable;
  guard_value: GuardValueTable;
  received_message: ReceivedMessageTable;
  received_alert: ReceivedAlertTable;
  outbox: OutboxTable;
  outbox_cursor: OutboxCursorTable;
  outbox_thread: OutboxThreadTable;
}
