import type { GuardEvent } from '../incident/incident-event.js';
import { type ChannelName, isForCustomers } from './message.js';

/** How a channel stands, for status and readiness. */
export interface ChannelState {
  readonly channel: ChannelName;
  /** Since when it takes no messages; absent while it does, or has nothing to take. */
  readonly failingSince?: number | undefined;
  readonly error?: string | undefined;
  /** Whether others stand in for it. */
  readonly isDead: boolean;
}

/** Appends to the journal; resolves once it is durable. */
export type ChannelEventSink = (event: Extract<GuardEvent, { readonly type: 'channel-dead' | 'channel-back' }>) => Promise<unknown>;

interface Standing {
  failingSince: number | undefined;
  /** The same on a clock that nobody sets. */
  failingSinceMs: number;
  error: string;
  isDead: boolean;
}

/**
 * Which channels are dead: those that have taken nothing for so long that another one stands in. A channel that only
 * asks to be left alone for a while is not failing.
 */
export class ChannelWatch {
  readonly #standings: ReadonlyMap<ChannelName, Standing>;
  readonly #standIns: readonly ChannelName[];
  readonly #afterMs: number;
  readonly #append: ChannelEventSink;

  /** `standIns`: who may stand in for others, in this order. */
  constructor(channels: readonly ChannelName[], options: { readonly standIns: readonly ChannelName[]; readonly afterMs: number; readonly append: ChannelEventSink }) {
    this.#standings = new Map(channels.map((channel) => [channel, { failingSince: undefined, failingSinceMs: 0, error: '', isDead: false }]));
    this.#standIns = options.standIns;
    this.#afterMs = options.afterMs;
    this.#append = options.append;
  }

  get states(): readonly ChannelState[] {
    return [...this.#standings].map(([channel, { failingSince, error, isDead }]) => ({ channel, ...(failingSince === undefined ? {} : { failingSince, error }), isDead }));
  }

  isDead(channel: ChannelName): boolean {
    return this.#standings.get(channel)?.isDead === true;
  }

  /** When it is to be declared dead (`Clock.elapsedMs`), unless it takes something before; `Infinity` where it is not failing, or is dead. */
  deadlineOf(channel: ChannelName): number {
    const { failingSince, failingSinceMs, isDead } = this.#of(channel);
    return failingSince === undefined || isDead ? Infinity : failingSinceMs + this.#afterMs;
  }

  /** An attempt has failed, at an instant that people are told and the same on a clock that nobody sets. `askedMs`: the other side lives, and wants to be left alone so long. */
  failed(channel: ChannelName, { at, elapsedMs }: { readonly at: number; readonly elapsedMs: number }, error: string, askedMs: number | undefined): void {
    const standing = this.#of(channel);
    if (standing.failingSince === undefined && askedMs !== undefined && askedMs < this.#afterMs) return;
    if (standing.failingSince === undefined) standing.failingSinceMs = elapsedMs;
    standing.failingSince ??= at;
    standing.error = error;
  }

  /** A message was taken. */
  async took(channel: ChannelName, at: number): Promise<void> {
    const standing = this.#of(channel);
    if (standing.isDead) await this.#append({ type: 'channel-back', at, channel, deadForMs: at - (standing.failingSince ?? at) });
    standing.isDead = false;
    standing.failingSince = undefined;
  }

  async declareDead(channel: ChannelName, at: number, waiting: number): Promise<void> {
    const standing = this.#of(channel);
    const instead = this.standInFor(channel);
    await this.#append({ type: 'channel-dead', at, channel, since: standing.failingSince ?? at, error: standing.error, waiting, ...(instead === undefined ? {} : { instead }) });
    standing.isDead = true;
  }

  /** It was dead before the restart, and people know. */
  restoreDead(channel: ChannelName, since: number): void {
    const standing = this.#of(channel);
    standing.isDead = true;
    standing.failingSince = since;
    standing.error = 'it took no messages before the restart';
  }

  /** The next channel after it that is not dead, from the beginning again after the last; for a channel of Slack that only routes name, the first. */
  standInFor(channel: ChannelName): ChannelName | undefined {
    // What customers are told is for them alone.
    if (isForCustomers(channel)) return undefined;
    const place = this.#standIns.indexOf(channel);
    const order = [...this.#standIns.slice(place + 1), ...this.#standIns.slice(0, Math.max(0, place))];
    return order.find((other) => other !== channel && !this.isDead(other));
  }

  #of(channel: ChannelName): Standing {
    const standing = this.#standings.get(channel);
    if (standing === undefined) throw new TypeError(`there is no channel ${channel}`);
    return standing;
  }
}
