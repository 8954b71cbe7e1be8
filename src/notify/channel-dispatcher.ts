import { errorText } from '../fault/belay-error.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import { ClockSteps } from '../time/clock-steps.js';
import { WakingSleep } from '../time/waking-sleep.js';
import { type Channel, type Delivery, type SendResult, SLOWEST_RETRY_MS } from './channel.js';
import type { ChannelWatch } from './channel-watch.js';
import { digestMessage, lateMessage } from './gathered-message.js';
import { handedOver, type ReturnedItems, returnedItems } from './hand-over.js';
import { type ChannelName, isForCustomers, type Message, type OutboxItem } from './message.js';
import { type DigestSettings, keyOf, nextDelivery, type NextDelivery } from './next-delivery.js';
import type { Outbox } from './outbox.js';
import { Pace } from './pace.js';
import { placeholderValues } from './placeholder-values.js';
import { backOffMs, requestedMs } from './retry-delay.js';
import { isSlack } from './routes.js';
import { defaultWording, wordedDigest, type Wording } from './wording.js';

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
  /** Shared by all channels: who stands in for whom. */
  readonly watch: ChannelWatch;
  /** Called after messages were handed over to other channels. */
  readonly handedOver: () => void;
  readonly digest?: DigestSettings | undefined;
  readonly wording?: Wording | undefined;
}

/** The outbox is looked at this often even when nobody pokes. */
const POLL_MS = 5_000;
const STORE_RETRY_MS = 1_000;
const LONGEST_ERROR = 500;
/** So many messages are looked at for what belongs together; the others follow. */
const MOST_SEEN = 200;

/**
 * Takes the messages of one channel out of the outbox and sends them, one delivery at a time, at least once each. Every
 * channel has its own dispatcher, so that a dead one holds up no other. After a failure the whole channel rests, longer
 * with every further failure, and begins again with the oldest message: an outage costs few attempts, and no order.
 */
export class ChannelDispatcher {
  readonly #channel: Channel;
  readonly #ports: DispatchPorts;
  readonly #sleep: WakingSleep;
  readonly #pace: Pace;
  readonly #steps: ClockSteps;
  readonly #stopping = new AbortController();
  /** What was said lately. Instants here are on a clock that nobody sets. */
  #recent: readonly { readonly key: string; readonly atMs: number }[] = [];
  #failuresInARow = 0;
  #restsUntilMs = 0;
  /** The clock was set back, and the outbox does not know yet. */
  #isSetBack = false;
  /** A delivery of several was refused as it was. */
  #singly = false;
  #loop: Promise<void> | undefined;

  constructor(channel: Channel, ports: DispatchPorts) {
    this.#channel = channel;
    this.#ports = ports;
    this.#sleep = new WakingSleep(ports.clock, this.#stopping.signal);
    this.#pace = new Pace(channel.pace);
    this.#steps = new ClockSteps(ports.clock);
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
    let restored = false;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!restored) await this.#restore();
        restored = true;
        const restMs = await this.#step();
        await this.#sleep.until(this.#ports.clock.now() + restMs);
      } catch (error) {
        this.#ports.report(error);
        await this.#rest(STORE_RETRY_MS);
      }
    }
  }

  /** Whether it was dead before the restart can be seen by what others have taken over. */
  async #restore(): Promise<void> {
    const { outbox, clock, watch } = this.#ports;
    const { name } = this.#channel;
    const [oldest] = await outbox.waiting(name, 1);
    if (oldest?.handedTo !== undefined) watch.restoreDead(name, oldest.createdAt);
    // The clock may have been set back while nobody was there to see it.
    const latestAt = clock.now() + SLOWEST_RETRY_MS;
    if (((await outbox.nextDueAt(name)) ?? 0) > latestAt) await outbox.bringForward(name, latestAt);
  }

  /** Sends what is due first, and says for how many milliseconds to sleep. */
  async #step(): Promise<number> {
    const { outbox, clock, watch, digest } = this.#ports;
    const { name } = this.#channel;
    await this.#noteSetBack();
    const [now, elapsedMs] = [clock.now(), clock.elapsedMs()];
    if (watch.deadlineOf(name) <= elapsedMs) await watch.declareDead(name, now, (await outbox.waiting(name, MOST_SEEN)).length);
    if (watch.isDead(name)) await this.#handOver();
    const restMs = Math.max(this.#restsUntilMs, this.#pace.freeAt(elapsedMs)) - elapsedMs;
    const untilDeadMs = watch.deadlineOf(name) - elapsedMs;
    // While it is dead, what comes goes to another channel soon, whoever has enqueued it.
    if (restMs > 0) return Math.min(restMs, untilDeadMs, watch.isDead(name) ? POLL_MS : Infinity);
    const dueInMs = ((await outbox.nextDueAt(name)) ?? Infinity) - now;
    if (dueInMs > 0) {
      this.#singly = false;
      return Math.min(dueInMs, untilDeadMs, POLL_MS);
    }
    const waiting = await outbox.waiting(name, MOST_SEEN);
    this.#recent = this.#recent.filter(({ atMs }) => atMs > elapsedMs - (digest?.withinMs ?? 0));
    const recent = this.#recent.map(({ key, atMs }) => ({ key, at: now - (elapsedMs - atMs) }));
    const next = nextDelivery({ waiting, now, recent, quiet: await this.#quietOf(waiting), digest, singly: this.#singly || isForCustomers(name) });
    if (next.kind === 'wait') return Math.min(next.until - now, POLL_MS);
    await this.#deliver(next, waiting);
    return 0;
  }

  /** After a step back of the clock the next attempts in the outbox would lie hours ahead: what waits there then waits for no more than the channel itself. */
  async #noteSetBack(): Promise<void> {
    const { outbox, clock } = this.#ports;
    this.#isSetBack ||= this.#steps.takeMs() < 0;
    if (!this.#isSetBack) return;
    await outbox.bringForward(this.#channel.name, clock.now());
    this.#isSetBack = false;
  }

  /** Incidents that have a message in Slack: it is changed, and disturbs nobody. Only asked where it matters. */
  async #quietOf(waiting: readonly OutboxItem[]): Promise<ReadonlySet<string>> {
    const { outbox, digest } = this.#ports;
    const { name } = this.#channel;
    const keys = new Set([...this.#recent.map(({ key }) => key), ...waiting.map(keyOf)]);
    if (digest === undefined || !isSlack(name) || keys.size <= digest.over) return new Set();
    const incidents = [...new Set(waiting.flatMap(({ message }) => message.incidentId ?? []))];
    const threads = await Promise.all(incidents.map((incidentId) => outbox.thread(name, incidentId)));
    return new Set(incidents.filter((_, index) => threads[index]?.['ts'] !== undefined));
  }

  /** What waits while the channel is dead goes by another one too, each message once. */
  async #handOver(): Promise<void> {
    const { outbox, watch, handedOver: tellOthers } = this.#ports;
    const { name } = this.#channel;
    const state = watch.states.find(({ channel }) => channel === name);
    const instead = watch.standInFor(name);
    const items = (await outbox.waiting(name, MOST_SEEN)).filter(({ handedTo }) => handedTo === undefined);
    if (instead === undefined || items.length === 0) return;
    for (const item of items) await outbox.handOver(item.id, handedOver(item, instead, state));
    tellOthers();
  }

  async #deliver(next: Exclude<NextDelivery, { readonly kind: 'wait' }>, waiting: readonly OutboxItem[]): Promise<void> {
    const { outbox, clock } = this.#ports;
    const { name } = this.#channel;
    const items = next.kind === 'send' ? next.items : next.units.flat();
    // What a person has heard by another channel is shown where that disturbs nobody, and otherwise not repeated.
    const returned = await returnedItems(items, name, (id) => outbox.stateOf(id));
    for (const { id } of returned.dropped) await this.#insist(() => outbox.markSent(id, clock.now()));
    if (returned.left.length === 0) return;
    const delivery = await this.#deliveryOf(next, returned, waiting);
    if (delivery === undefined) return;
    this.#pace.spend(clock.elapsedMs(), delivery.thread === undefined && delivery.item.message.incidentId !== undefined ? 2 : 1);
    await this.#settle(delivery, await this.#send(delivery));
  }

  async #deliveryOf(next: Exclude<NextDelivery, { readonly kind: 'wait' }>, { left, told }: ReturnedItems, waiting: readonly OutboxItem[]): Promise<Delivery | undefined> {
    const { outbox, clock } = this.#ports;
    const { name } = this.#channel;
    const newest = left.at(-1);
    const [head] = left;
    if (newest === undefined || head === undefined) return undefined;
    if (next.kind === 'digest') {
      const units = next.units.map((unit) => unit.filter((item) => left.includes(item))).filter((unit) => unit.length > 0);
      const { addresses, attempts, createdAt, nextAttemptAt } = head;
      const item: OutboxItem = { id: `digest-${newest.id}`, channel: name, message: this.#digest(units), recipients: [], ...(addresses === undefined ? {} : { addresses }), attempts, createdAt, nextAttemptAt };
      return { item, items: left, newest: item };
    }
    const { incidentId } = newest.message;
    const item = left.length === 1 && !told.has(newest.id) ? newest : { ...newest, recipients: told.has(newest.id) ? [] : newest.recipients, message: lateMessage(left, clock.now(), told) ?? newest.message };
    // A plan's own words are not the state of the incident.
    const present = incidentId === undefined ? undefined : waiting.findLast(({ message }) => message.incidentId === incidentId && message.kind !== 'plan-notification');
    return { item, items: left, newest: present === undefined || present.id === newest.id ? item : present, thread: incidentId === undefined ? undefined : await outbox.thread(name, incidentId) };
  }

  #digest(units: readonly (readonly OutboxItem[])[]): Message {
    const { clock, redactor, wording = defaultWording } = this.#ports;
    const digest = digestMessage(units);
    return redactor.data(wordedDigest(digest, placeholderValues(digest, clock.now()), wording));
  }

  async #send(delivery: Delivery): Promise<SendResult> {
    try {
      return await this.#channel.send(delivery);
    } catch (error) {
      return { kind: 'retry', error: errorText(error) };
    }
  }

  async #settle({ item, items = [item] }: Delivery, result: SendResult): Promise<void> {
    const { outbox, clock, redactor, random, attempted, watch } = this.#ports;
    const { name } = this.#channel;
    const told = result.kind === 'sent' ? result.note : result.error;
    const error = told === undefined ? undefined : redactor.text(told).slice(0, LONGEST_ERROR);
    const { incidentId } = item.message;
    const { thread } = result;
    if (incidentId !== undefined && thread !== undefined) await this.#insist(() => outbox.saveThread(name, incidentId, thread));
    const [now, elapsedMs] = [clock.now(), clock.elapsedMs()];
    switch (result.kind) {
      case 'sent':
        this.#failuresInARow = 0;
        this.#recent = [...this.#recent, ...items.map((sent) => ({ key: keyOf(sent), atMs: elapsedMs }))];
        for (const { id } of items) await this.#insist(() => outbox.markSent(id, now));
        await this.#insist(() => watch.took(name, now));
        break;
      case 'retry': {
        this.#failuresInARow += 1;
        const chance = random();
        const asked = result.afterMs === undefined ? undefined : requestedMs(result.afterMs);
        this.#restsUntilMs = elapsedMs + (asked ?? backOffMs(this.#failuresInARow, chance));
        watch.failed(name, { at: now, elapsedMs }, error ?? '', result.busy === true ? (asked ?? 0) : undefined);
        for (const failed of items) await this.#insist(() => outbox.markFailed(failed.id, now, error ?? '', now + (asked ?? backOffMs(failed.attempts + 1, chance))));
        break;
      }
      case 'undeliverable':
        // What is refused as a whole may be taken piece by piece.
        if (items.length > 1) this.#singly = true;
        else await this.#insist(() => outbox.markUndeliverable(item.id, now, error ?? ''));
        break;
      default:
        throw new TypeError(`unknown result ${JSON.stringify(result satisfies never)}`);
    }
    attempted({ channel: name, item, result: result.kind, error });
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
    const { clock } = this.#ports;
    const untilMs = clock.elapsedMs() + durationMs;
    for (let leftMs = durationMs; leftMs > 0 && !this.#stopping.signal.aborted; leftMs = untilMs - clock.elapsedMs()) await this.#sleep.until(clock.now() + leftMs);
  }
}
