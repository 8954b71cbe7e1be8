import { MemoryGuardStore } from '../../src/scenario/memory-store.js';
import type { ReceivedAlertStore } from '../../src/guard/received-alert-store.js';
import type { ReceivedAlert } from '../../src/source/received-alert.js';
import { MemoryOutbox } from '../support/memory-outbox.js';

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

/** A write that is reported to have failed, whether or not it has reached the disk. */
export interface FailedCommit {
  readonly isApplied: boolean;
  readonly failed: () => void;
}

/** What outlives the lives of a daemon: its disk. Each part keeps the contract of its port. */
export class Disk {
  /** What becomes of the next write, where it does not go well. */
  nextCommit: FailedCommit | undefined;
  /** Takes and gives nothing any more in this life. */
  isGone = false;
  readonly guard = new MemoryGuardStore();
  readonly outbox = new MemoryOutbox();
  readonly received = new MemoryReceivedAlerts();
}
