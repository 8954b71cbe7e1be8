import { errorText } from '../fault/belay-error.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import type { Channel, SendResult } from './channel.js';
import type { ChannelName, OutboxItem } from './message.js';
import type { Outbox } from './outbox.js';
import { backOffMs, requestedMs } from './retry-delay.js';
import { WakingSleep } from './waking-sleep.js';

/** How one attempt ended, for logs and metrics. `error` is clean of secrets. */
export interface Attempt {
  readonly channel: ChannelName;
  readonly item: OutboxItem;
  readonly result: SendResult['kind'];
  /** What went wrong; with `sent`, what did not go as asked. */
  readonly error?: string | undefined;
}

export interface DispatchPorts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly attempted: (attempt: Attempt) => void;
  /** Faults that the loop gets over by itself; for the log. */
  readonly report: (error: unknown) => void;
  /** In [0, 1); for the jitter. */
  readonly random: () => number;
}

/** The outbox is looked at this often even when nobody pokes. */
const POLL_MS = 5_000;
const STORE_RETRY_MS = 1_000;
const LONGEST_ERROR = 500;

/**
 * Takes the messages of one channel out of the outbox and sends them, one at a time, at least once each. Every channel
 * has its own dispatcher, so that a dead one holds up no other. After a failure the whole channel rests, longer with
 * every further failure, and begins again with the oldest message: an outage costs few attempts, and no order.
 */
export class ChannelDispatcher {
  readonly #channel: Channel;
  readonly #ports: DispatchPorts;
  readonly #sleep: WakingSleep;
  readonly #stopping = new AbortController();
  #failuresInARow = 0;
  #restsUntil = 0;
  #loop: Promise<void> | undefined;

  constructor(channel: Channel, ports: DispatchPorts) {
    this.#channel = channel;
    this.#ports = ports;
    this.#sleep = new WakingSleep(ports.clock);
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Says that the outbox has grown. */
  poke(): void {
    this.#sleep.poke();
  }

  /** Begins nothing more and waits for the message in hand, at most `graceMs`. What was not sent waits in the outbox. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const graceOver = new AbortController();
    const grace = this.#ports.clock.sleepUntil(this.#ports.clock.now() + graceMs, graceOver.signal).catch((error: unknown) => {
      if (!graceOver.signal.aborted) throw error;
    });
    await Promise.race([this.#loop, grace]);
    graceOver.abort();
    this.#channel.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#sleep.until(await this.#step(), this.#stopping.signal);
      } catch (error) {
        this.#ports.report(error);
        await this.#rest(STORE_RETRY_MS);
      }
    }
  }

  /** Sends one message where one is due, and says until when to sleep. */
  async #step(): Promise<number> {
    const { outbox, clock } = this.#ports;
    const now = clock.now();
    if (now < this.#restsUntil) return this.#restsUntil;
    const [item] = await outbox.due(this.#channel.name, now, 1);
    if (item === undefined) return Math.min((await outbox.nextDueAt(this.#channel.name)) ?? Infinity, now + POLL_MS);
    await this.#deliver(item);
    return clock.now();
  }

  async #deliver(item: OutboxItem): Promise<void> {
    const { outbox, clock, redactor, random, attempted } = this.#ports;
    const { name } = this.#channel;
    const result = await this.#send(item);
    const told = result.kind === 'sent' ? result.note : result.error;
    const error = told === undefined ? undefined : redactor.text(told).slice(0, LONGEST_ERROR);
    const { incidentId } = item.message;
    const { thread } = result;
    if (incidentId !== undefined && thread !== undefined) await this.#insist(() => outbox.saveThread(name, incidentId, thread));
    const now = clock.now();
    switch (result.kind) {
      case 'sent':
        this.#failuresInARow = 0;
        await this.#insist(() => outbox.markSent(item.id, now));
        break;
      case 'retry': {
        this.#failuresInARow += 1;
        const chance = random();
        const asked = result.afterMs === undefined ? undefined : requestedMs(result.afterMs);
        this.#restsUntil = now + (asked ?? backOffMs(this.#failuresInARow, chance));
        const nextAttemptAt = now + (asked ?? backOffMs(item.attempts + 1, chance));
        await this.#insist(() => outbox.markFailed(item.id, now, error ?? '', nextAttemptAt));
        break;
      }
      case 'undeliverable':
        await this.#insist(() => outbox.markUndeliverable(item.id, now, error ?? ''));
        break;
      default:
        throw new TypeError(`unknown result ${JSON.stringify(result satisfies never)}`);
    }
    attempted({ channel: name, item, result: result.kind, error });
  }

  async #send(item: OutboxItem): Promise<SendResult> {
    const { outbox } = this.#ports;
    const { name } = this.#channel;
    const { incidentId } = item.message;
    const thread = incidentId === undefined ? undefined : await outbox.thread(name, incidentId);
    const waiting = incidentId === undefined ? [] : await outbox.waiting(name, incidentId);
    // A plan's own words are not the state of the incident.
    const newest = waiting.findLast(({ message }) => message.kind !== 'plan-notification') ?? item;
    try {
      return await this.#channel.send({ item, thread, newest });
    } catch (error) {
      return { kind: 'retry', error: errorText(error) };
    }
  }

  /** What has been sent must be written down before anything else is sent: otherwise a full disk would send it forever. */
  async #insist(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await write();
        return;
      } catch (error) {
        this.#ports.report(error);
        if (this.#stopping.signal.aborted) return;
        await this.#rest(STORE_RETRY_MS);
      }
    }
  }

  async #rest(durationMs: number): Promise<void> {
    const untilAt = this.#ports.clock.now() + durationMs;
    while (this.#ports.clock.now() < untilAt && !this.#stopping.signal.aborted) await this.#sleep.until(untilAt, this.#stopping.signal);
  }
}
