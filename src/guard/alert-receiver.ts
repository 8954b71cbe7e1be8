import { BelayError } from '../fault/belay-error.js';
import { alertKey, foldNotice, type AlertMessage, type NoticeEffect, type ReceivedAlert } from '../source/received-alert.js';
import type { ReceivedAlerts } from '../source/received-alerts.js';
import type { Clock } from '../time/clock.js';
import type { ReceivedAlertStore, StoredMessage } from './received-alert-store.js';

export interface AlertReceiverPorts {
  readonly store: ReceivedAlertStore;
  readonly clock: Clock;
  /** Alerts that have begun or ended; they are stored, and in the book. */
  readonly onChanged: (alerts: readonly ReceivedAlert[]) => void;
  /** Counts what became of each alert of a message. */
  readonly onFolded?: (effects: readonly NoticeEffect[]) => void;
}

interface Waiting extends StoredMessage {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Alerts that are written in one transaction: enough to make it worth its flush, few enough not to hold up others. */
const ALERTS_PER_WRITE = 1_000;
/** Alerts that may wait for the store. Senders try again, so that it is better to refuse than to run out of memory. */
const MOST_WAITING_ALERTS = 100_000;
/** Turns of Node's loop that may go by before a write while more comes in, and those without anything new after which it begins. */
const MOST_TURNS = 200;
const IDLE_TURNS = 3;
/** Between two clean-ups of what was resolved long ago. */
const FORGET_EVERY_MS = 3_600_000;

/**
 * Takes Alertmanagers' messages: stores each, and what it means for its alerts, in one transaction, and only then
 * resolves. Messages that come while a transaction is under way share the next one.
 */
export class AlertReceiver {
  readonly #book: ReceivedAlerts;
  readonly #ports: AlertReceiverPorts;
  readonly #waiting: Waiting[] = [];
  #waitingAlerts = 0;
  #draining: Promise<void> | undefined;
  #forgotAt = -Infinity;

  constructor(book: ReceivedAlerts, ports: AlertReceiverPorts) {
    this.#book = book;
    this.#ports = ports;
  }

  /** Takes up what was received before a restart. */
  async restore(): Promise<void> {
    this.#book.put(await this.#ports.store.loadReceived());
  }

  /** Resolves once the message is on the disk. Rejects with BelayError `store-unavailable`; then nothing of it is kept. */
  receive(message: AlertMessage, sender: string): Promise<void> {
    if (this.#waitingAlerts + message.alerts.length > MOST_WAITING_ALERTS) {
      return Promise.reject(new BelayError('store-unavailable', `More than ${MOST_WAITING_ALERTS} alerts wait to be stored already; send it again.`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, sender, receivedAt: this.#ports.clock.now(), resolve, reject });
      this.#waitingAlerts += message.alerts.length;
      this.#draining ??= this.#drain();
    });
  }

  /** Waits for what is being stored. */
  async stop(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    await this.#takeWhatIsReady();
    for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
      try {
        await this.#store(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      await this.#takeWhatIsReady();
    }
    this.#draining = undefined;
  }

  /**
   * A write keeps the process busy to its end, so what is ready to be read is read first: it is written together. Node
   * accepts one connection in each turn of its loop, so that of thousands that come at once one more is there each turn.
   */
  async #takeWhatIsReady(): Promise<void> {
    for (let turns = 0, idle = 0; turns < MOST_TURNS && idle < IDLE_TURNS; turns += 1) {
      const { length } = this.#waiting;
      await new Promise((resolve) => setImmediate(resolve));
      idle = this.#waiting.length > length ? 0 : idle + 1;
    }
  }

  #nextBatch(): readonly Waiting[] {
    let alerts = 0;
    let count = 0;
    for (const { message } of this.#waiting) {
      alerts += message.alerts.length;
      if (count > 0 && alerts > ALERTS_PER_WRITE) break;
      count += 1;
    }
    const batch = this.#waiting.splice(0, count);
    for (const { message } of batch) this.#waitingAlerts -= message.alerts.length;
    return batch;
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    const { store, clock, onChanged, onFolded } = this.#ports;
    const after = new Map<string, ReceivedAlert>();
    const changed = new Map<string, ReceivedAlert>();
    const effects: NoticeEffect[] = [];
    for (const { message, receivedAt } of batch) {
      for (const notice of message.alerts) {
        const key = alertKey(notice.labels);
        const { alert, effect } = foldNotice(after.get(key) ?? this.#book.get(key), notice, message.externalUrl, receivedAt);
        after.set(key, alert);
        effects.push(effect);
        if (effect === 'began' || effect === 'ended') changed.set(key, alert);
      }
    }
    const now = clock.now();
    const isTime = now - this.#forgotAt > FORGET_EVERY_MS;
    const forgotten = isTime ? this.#book.forgetOld(now).filter((key) => !after.has(key)) : [];
    if (isTime) this.#forgotAt = now;
    await store.saveReceived(batch, [...after.values()], forgotten);
    this.#book.put(after.values());
    onFolded?.(effects);
    if (changed.size > 0) onChanged([...changed.values()]);
  }
}
