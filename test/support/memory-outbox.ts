import { BelayError } from '../../src/fault/belay-error.js';
import type { ChannelName, OutboxItem } from '../../src/notify/message.js';
import type { NewOutboxItem, Outbox, OutboxRecord, OutboxState, ThreadReference } from '../../src/notify/outbox.js';

/** The outbox without a disk. It keeps the contract of the port (see outbox-contract.ts), and shows what it holds. */
export class MemoryOutbox implements Outbox {
  records: readonly OutboxRecord[] = [];
  readonly #threads = new Map<string, ThreadReference>();
  #cursor = 0;
  #lastId = 0;

  async enqueue(items: readonly NewOutboxItem[]): Promise<void> {
    const known = new Set(this.records.map(({ id }) => id));
    const added = items.filter(({ id }) => id === undefined || !known.has(id)).map((item): OutboxRecord => {
      this.#lastId += 1;
      return { ...item, id: item.id ?? `item-${this.#lastId}`, attempts: 0, nextAttemptAt: item.createdAt, state: 'waiting' };
    });
    this.records = [...this.records, ...structuredClone(added)];
  }

  async cursor(): Promise<number> {
    return this.#cursor;
  }

  async enqueueUpTo(cursor: number, items: readonly NewOutboxItem[]): Promise<void> {
    if (cursor <= this.#cursor) throw new BelayError('conflict', `composed up to ${this.#cursor} already`);
    this.#cursor = cursor;
    await this.enqueue(items);
  }

  async bringForward(channel: ChannelName, at: number): Promise<void> {
    for (const { id, nextAttemptAt } of this.#waiting(channel)) if (nextAttemptAt > at) this.#change(id, (item) => ({ ...item, nextAttemptAt: at }));
  }

  async nextDueAt(channel: ChannelName): Promise<number | undefined> {
    const instants = this.#heads(channel).map((item) => item.nextAttemptAt);
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  async waiting(channel: ChannelName, limit: number): Promise<readonly OutboxItem[]> {
    return this.#waiting(channel).slice(0, limit);
  }

  async handOver(id: string, copy: NewOutboxItem): Promise<void> {
    await this.enqueue([copy]);
    this.#change(id, (item) => ({ ...item, handedTo: copy.channel }));
  }

  async stateOf(id: string): Promise<OutboxState | undefined> {
    return this.records.find((item) => item.id === id)?.state;
  }

  async ofIncident(incidentId: string): Promise<readonly OutboxRecord[]> {
    return this.records.filter(({ message }) => message.incidentId === incidentId);
  }

  async markSent(id: string, at: number): Promise<void> {
    this.#change(id, (item) => ({ ...item, state: 'sent', settledAt: at, attempts: item.attempts + 1, lastError: undefined }));
  }

  async markFailed(id: string, _at: number, error: string, nextAttemptAt: number): Promise<void> {
    this.#change(id, (item) => ({ ...item, attempts: item.attempts + 1, lastError: error, nextAttemptAt }));
  }

  async markUndeliverable(id: string, at: number, error: string): Promise<void> {
    this.#change(id, (item) => ({ ...item, state: 'undeliverable', settledAt: at, attempts: item.attempts + 1, lastError: error }));
  }

  async thread(channel: ChannelName, incidentId: string): Promise<ThreadReference | undefined> {
    return this.#threads.get(`${channel} ${incidentId}`);
  }

  async saveThread(channel: ChannelName, incidentId: string, reference: ThreadReference): Promise<void> {
    this.#threads.set(`${channel} ${incidentId}`, reference);
  }

  #waiting(channel: ChannelName): readonly OutboxRecord[] {
    return this.records.filter((item) => item.state === 'waiting' && item.channel === channel);
  }

  #heads(channel: ChannelName): readonly OutboxRecord[] {
    const waiting = this.#waiting(channel);
    return waiting.filter(({ message: { incidentId } }, index) => incidentId === undefined || !waiting.slice(0, index).some((earlier) => earlier.message.incidentId === incidentId));
  }

  #change(id: string, change: (item: OutboxRecord) => OutboxRecord): void {
    this.records = this.records.map((item) => (item.id === id ? change(item) : item));
  }
}
