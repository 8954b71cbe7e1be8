import type { ChannelName, Message, OutboxItem } from './message.js';

/** What a channel needs to find its own earlier message of an incident again (Slack: channel and ts; email: Message-ID). */
export type ThreadReference = Readonly<Record<string, string>>;

export type OutboxState = 'waiting' | 'sent' | 'undeliverable';

export interface NewOutboxItem {
  /** Where given, the item's id: an item whose id the outbox knows already is left out. */
  readonly id?: string | undefined;
  readonly channel: ChannelName;
  readonly message: Message;
  readonly recipients: readonly string[];
  readonly addresses?: readonly string[] | undefined;
  readonly createdAt: number;
}

/** A message with what became of it. `settledAt` is when it was sent or given up, in milliseconds since the epoch. */
export interface OutboxRecord extends OutboxItem {
  readonly state: OutboxState;
  readonly settledAt?: number | undefined;
  /** Of the last attempt, where that failed. */
  readonly lastError?: string | undefined;
}

/** Messages that must go out, kept until they have. Every method resolves once its effect is durable. */
export interface Outbox {
  /** Assigns ids where none is given, and keeps the order. */
  enqueue(items: readonly NewOutboxItem[]): Promise<void>;
  /** The journal line up to which messages have been composed; 0 before the first. */
  cursor(): Promise<number>;
  /**
   * Enqueues what the journal up to `cursor` asked for and moves the cursor, in one transaction. Rejects with a
   * BelayError `conflict`, and enqueues nothing, unless the cursor moves forward.
   */
  enqueueUpTo(cursor: number, items: readonly NewOutboxItem[]): Promise<void>;
  /** Lets nothing of this channel wait for an instant later than `at`. */
  bringForward(channel: ChannelName, at: number): Promise<void>;
  /** When the next item that waits for nothing but its time falls due on this channel, of each incident the oldest; `undefined` when all is sent. */
  nextDueAt(channel: ChannelName): Promise<number | undefined>;
  /** The unsent items of one channel, due or not, in the order of enqueueing. */
  waiting(channel: ChannelName, limit: number): Promise<readonly OutboxItem[]>;
  /** Enqueues the item on the channel that takes it over (unless that has it already), and writes down which one that is, in one transaction. */
  handOver(id: string, copy: NewOutboxItem): Promise<void>;
  /** What became of an item; `undefined` for one that is not there. */
  stateOf(id: string): Promise<OutboxState | undefined>;
  /** All that is kept of one incident on every channel, in the order of enqueueing. What customers are told is kept for as long as the incident. */
  ofIncident(incidentId: string): Promise<readonly OutboxRecord[]>;
  markSent(id: string, at: number): Promise<void>;
  markFailed(id: string, at: number, error: string, nextAttemptAt: number): Promise<void>;
  /** For what can never be delivered as it is (a refused address): kept with its error, no longer tried. */
  markUndeliverable(id: string, at: number, error: string): Promise<void>;
  thread(channel: ChannelName, incidentId: string): Promise<ThreadReference | undefined>;
  saveThread(channel: ChannelName, incidentId: string, reference: ThreadReference): Promise<void>;
}
