import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuardStore } from '../../src/guard/guard-store.js';
import type { ReceivedAlertStore } from '../../src/guard/received-alert-store.js';
import type { JournalEntry } from '../../src/incident/incident-event.js';
import type { ChannelName, OutboxItem } from '../../src/notify/message.js';
import type { Outbox } from '../../src/notify/outbox.js';
import { MemoryGuardStore } from '../../src/scenario/memory-store.js';
import { Redactor } from '../../src/secret/redactor.js';
import type { ReceivedAlert } from '../../src/source/received-alert.js';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite-store.js';
import type { Clock } from '../../src/time/clock.js';
import { MemoryOutbox } from '../support/memory-outbox.js';

/** A write that is reported to have failed, whether or not it has reached the disk. */
export interface FailedCommit {
  readonly isApplied: boolean;
  readonly failed: () => void;
}

/** What a daemon keeps on its disk; each part keeps the contract of its port. */
export interface Kept {
  readonly guard: GuardStore;
  readonly outbox: Outbox;
  readonly received: ReceivedAlertStore;
}

type Opened = Kept & { readonly close?: () => Promise<void> };

/** Everything that is ever asked for at once. */
const ALL = 1_000_000;

/** What outlives the lives of a daemon: its disk. Each life opens it, and its end closes it, after the write that was under way. */
export class Disk {
  /** What becomes of the next write, where it does not go well. */
  nextCommit: FailedCommit | undefined;
  /** Takes and gives nothing any more in this life. */
  isGone = false;
  readonly #open: () => Promise<Opened>;
  readonly #remove: () => Promise<void>;
  #opened: Opened | undefined;
  #closing: Promise<void> = Promise.resolve();

  private constructor(open: () => Promise<Opened>, remove: () => Promise<void>) {
    this.#open = open;
    this.#remove = remove;
  }

  /** Quick, and no SQL. */
  static inMemory(): Disk {
    const kept: Kept = { guard: new MemoryGuardStore(), outbox: new MemoryOutbox(), received: new MemoryReceivedAlerts() };
    return new Disk(
      () => Promise.resolve(kept),
      () => Promise.resolve(),
    );
  }

  /** The product's own store, in a file. What becomes of it in a crash of the machine is not simulated, so the file may lie in memory. */
  static async inFile(clock: Clock): Promise<Disk> {
    const directory = await mkdtemp(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'belay-simulation-'));
    const open = (): Promise<SqliteStore> => openSqliteStore({ path: join(directory, 'belay.db'), clock, redactor: new Redactor() });
    return new Disk(open, () => rm(directory, { recursive: true }));
  }

  /** What a life finds. */
  async open(): Promise<Kept> {
    await this.#closing;
    this.#opened ??= await this.#open();
    return this.#opened;
  }

  close(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#closing = this.#closing.then(() => opened?.close?.());
  }

  /** All that has ever been journaled, and the messages that have not gone out. Nothing can be asked any more after it. */
  async end(channels: readonly ChannelName[]): Promise<{ readonly entries: readonly JournalEntry[]; readonly waiting: readonly OutboxItem[] }> {
    const { guard, outbox } = await this.open();
    const entries = await guard.entriesAfter(0, ALL);
    const waiting = (await Promise.all(channels.map((channel) => outbox.waiting(channel, ALL)))).flat();
    this.close();
    await this.#closing;
    await this.#remove();
    return { entries, waiting };
  }
}

const MEMORY_FOLDER = '/dev/shm';

class MemoryReceivedAlerts implements ReceivedAlertStore {
  readonly #alerts = new Map<string, ReceivedAlert>();

  saveReceived(_messages: unknown, alerts: readonly ReceivedAlert[], forgotten: readonly string[]): Promise<void> {
    for (const alert of alerts) this.#alerts.set(alert.key, alert);
    for (const key of forgotten) this.#alerts.delete(key);
    return Promise.resolve();
  }

  loadReceived(): Promise<readonly ReceivedAlert[]> {
    return Promise.resolve([...this.#alerts.values()]);
  }
}
