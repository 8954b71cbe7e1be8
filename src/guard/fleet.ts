import { emptyLedger, recordActivity, recordReset, recordTrip, type Ledger } from '../decision/ledger.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import type { Mode } from '../trigger/trigger.js';

/** The journal events that the ledger is made of. */
export const ledgerEventTypes = ['rung-started', 'rollback-ended', 'verification-ended', 'needs-human', 'budget-reset', 'incident-opened'] as const satisfies readonly JournalEvent['type'][];

/** What the targets share: the ledger of automatic rollbacks, and which of them are being rolled back right now. */
export class Fleet {
  #ledger: Ledger = emptyLedger;
  readonly #running = new Set<string>();
  /** The mode in which each incident was last acted upon: what a trip or a later activity is booked under. */
  readonly #modes = new Map<string, Mode>();

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** Rollbacks under way on other targets. */
  runningBeside(target: string): number {
    return this.#running.size - (this.#running.has(target) ? 1 : 0);
  }

  claim(target: string): void {
    this.#running.add(target);
  }

  release(target: string): void {
    this.#running.delete(target);
  }

  restore(entries: readonly JournalEntry[]): void {
    for (const { event } of entries) this.note(event);
  }

  /** Books an event as it becomes durable, or once more while the journal is read back. */
  note(event: JournalEvent): void {
    switch (event.type) {
      case 'incident-opened':
        this.#modes.set(event.incidentId, event.mode);
        break;
      case 'rung-started':
        this.#modes.set(event.incidentId, event.mode);
        if (event.trigger === 'automatic') this.#record(event.incidentId, event.target, event.mode, event.at);
        break;
      case 'rollback-ended':
      case 'verification-ended': {
        const known = this.#ledger.entries.find((entry) => entry.incidentId === event.incidentId && entry.mode === this.#modes.get(entry.incidentId));
        if (known !== undefined) this.#record(known.incidentId, known.target, known.mode, event.at);
        break;
      }
      case 'needs-human':
        if (event.reason === 'budget-exhausted') {
          this.#ledger = recordTrip(this.#ledger, event.target, this.#modes.get(event.incidentId) ?? 'enforce');
        }
        break;
      case 'budget-reset':
        this.#ledger = recordReset(this.#ledger, event.target);
        break;
      default:
        break;
    }
  }

  #record(incidentId: string, target: string, mode: Mode, at: number): void {
    this.#ledger = recordActivity(this.#ledger, { incidentId, target, mode }, at);
  }
}
