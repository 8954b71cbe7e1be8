import type { Message, OutboxItem } from './message.js';

/** What a channel needs to find its own earlier message of an incident again (Slack: channel and ts; email: Message-ID). */
export type ThreadReference = Readonly<Record<string, string>>;

export interface NewOutboxItem {
  readonly channel: OutboxItem['channel'];
  readonly message: Message;
  readonly recipients: readonly string[];
  readonly createdAt: number;
}

/** Messages that must go out, kept until they have. Every method resolves once its effect is durable. */
export interface Outbox {
  enqueue(items: readonly NewOutboxItem[]): Promise<void>;
  /** The journal line up to which messages have been composed; 0 before the first. */
  cursor(): Promise<number>;
  /** Enqueues what the journal up to `cursor` asked for and moves the cursor, in one transaction. */
  enqueueUpTo(cursor: number, items: readonly NewOutboxItem[]): Promise<void>;
  /**
   * The oldest unsent item of each (channel, incident) whose time has come: a later message of an incident never
   * overtakes an earlier one on the same channel.
   */
  due(now: number, limit: number): Promise<readonly OutboxItem[]>;
  /** When the next unsent item falls due; `undefined` when all is sent. */
  nextDueAt(): Promise<number | undefined>;
  markSent(id: string, at: number): Promise<void>;
  markFailed(id: string, at: number, error: string, nextAttemptAt: number): Promise<void>;
  /** For what can never be delivered as it is (a refused address): kept with its error, no longer tried. */
  markUndeliverable(id: string, at: number, error: string): Promise<void>;
  thread(channel: OutboxItem['channel'], incidentId: string): Promise<ThreadReference | undefined>;
  saveThread(channel: OutboxItem['channel'], incidentId: string, reference: ThreadReference): Promise<void>;
}
