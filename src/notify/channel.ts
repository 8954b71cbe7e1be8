import type { ChannelName, OutboxItem } from './message.js';
import type { PaceSettings } from './pace.js';
import type { ThreadReference } from './outbox.js';

/** What a channel is handed with one message. */
export interface Delivery {
  /** One message of the outbox, or one made of `items`. */
  readonly item: OutboxItem;
  /** What it stands for, oldest first, where that is more than `item` alone: several incidents, or what has gathered. */
  readonly items?: readonly OutboxItem[] | undefined;
  /** Where the incident's earlier messages are on this channel; absent before the first, and outside of incidents. */
  readonly thread?: ThreadReference | undefined;
  /** The newest state of the incident that waits for this channel: `item` itself, or one that waits behind it after an outage. */
  readonly newest: OutboxItem;
}

/**
 * How one attempt ended. `thread` is saved whichever way it ended, so that a half-delivered message is not begun anew.
 * `retry`: after `afterMs` where the other side named a time, otherwise after the usual back-off. `undeliverable` is
 * for what this message can never get over; what a person can mend (a revoked token, a missing channel) is tried again.
 */
export type SendResult =
  | { readonly kind: 'sent'; readonly thread?: ThreadReference | undefined; /** What did not go as asked, for the log. */ readonly note?: string | undefined }
  | { readonly kind: 'retry'; readonly error: string; readonly afterMs?: number | undefined; /** The other side lives and only asks for time. */ readonly busy?: boolean | undefined; readonly thread?: ThreadReference | undefined }
  | { readonly kind: 'undeliverable'; readonly error: string; readonly thread?: ThreadReference | undefined };

/** A way to people. One message is in its hands at a time, and `send` ends by itself: every channel has its own deadline. */
export interface Channel {
  readonly name: ChannelName;
  /** How fast it takes messages; as fast as they come where it is absent. */
  readonly pace?: PaceSettings | undefined;
  send(delivery: Delivery): Promise<SendResult>;
  /** Releases connections. */
  close(): void;
}

/** The pace of attempts where only a person can mend what is wrong: the slowest there is. */
export const SLOWEST_RETRY_MS = 300_000;
