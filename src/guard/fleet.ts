import { emptyLedger, recordActivity, recordReset, recordTrip, type Ledger } from '../decision/ledger.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import type { Clock } from '../time/clock.js';
import { ClockSteps } from '../time/clock-steps.js';
import type { Mode } from '../trigger/trigger.js';

/** The journal events that the ledger is made of. */
export const ledgerEventTypes = ['alert-cleared', 'rung-started', 'rollback-ended', 'verification-ended', 'needs-human', 'budget-reset', 'incident-opened'] as const satisfies readonly JournalEvent['type'][];

interface Flap {
  readonly fingerprint: string;
  readonly at: number;
}

/** Of one target; more are never asked about. */
const MOST_FLAPS = 1_000;

/** What the targets share: the ledger of automatic rollbacks, and which of them are being rolled back right now. */
export class Fleet {
  #ledger: Ledger = emptyLedger;
  readonly #running = new Set<string>();
  /** The mode in which each incident was last acted upon: what a trip or a later activity is booked under. */
  readonly #modes = new Map<string, Mode>();
  /** Incidents for which something was run. */
  readonly #helped = new Set<string>();
  /** Per target, when which alert cleared without any help. */
  readonly #flaps = new Map<string, readonly Flap[]>();
  readonly #clock: Clock | undefined;
  readonly #steps: ClockSteps | undefined;

  /** Without a clock the instants stay those of the journal; with one they move with it when it is set. */
  constructor(clock?: Clock) {
    this.#clock = clock;
    this.#steps = clock && new ClockSteps(clock);
  }

  get ledger(): Ledger {
    this.#moveWithClock();
    return this.#ledger;
  }

  /** How often the alert of a target that flaps most has cleared by itself since an instant. */
  flapsOf(target: string, sinceAt: number): number {
    this.#moveWithClock();
    const counts = new Map<string, number>();
    for (const { fingerprint, at } of this.#flaps.get(target) ?? []) if (at > sinceAt) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
    return Math.max(0, ...counts.values());
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
    // What seems to lie ahead is from before the clock was set back: it happened just now at the latest.
    const now = this.#clock?.now() ?? Infinity;
    this.#moveInstants((at) => Math.min(at, now));
  }

  /** Books an event as it becomes durable, or once more while the journal is read back. */
  note(event: JournalEvent): void {
    this.#moveWithClock();
    switch (event.type) {
      case 'incident-opened':
        this.#modes.set(event.incidentId, event.mode);
        break;
      case 'alert-cleared': {
        if (this.#helped.has(event.incidentId)) break;
        const { target, fingerprint, at } = event;
        this.#flaps.set(target, [...(this.#flaps.get(target) ?? []), { fingerprint, at }].slice(-MOST_FLAPS));
        break;
      }
      case 'rung-started':
        this.#helped.add(event.incidentId);
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
        if (event.target === undefined) this.#flaps.clear();
        else this.#flaps.delete(event.target);
        break;
      default:
        break;
    }
  }

  /** Lets go of incidents that are too long over to count for anything. A budget that has tripped stays so. */
  forget(incidentIds: readonly string[]): void {
    const gone = new Set(incidentIds);
    for (const id of gone) {
      this.#modes.delete(id);
      this.#helped.delete(id);
    }
    this.#ledger = { ...this.#ledger, entries: this.#ledger.entries.filter(({ incidentId }) => !gone.has(incidentId)) };
  }

  /** A clock that is set makes nothing longer ago, nor later: else a step back would prolong a cooldown by as much, and a step forward end it. */
  #moveWithClock(): void {
    const stepMs = this.#steps?.takeMs() ?? 0;
    if (stepMs !== 0) this.#moveInstants((at) => at + stepMs);
  }

  #moveInstants(move: (at: number) => number): void {
    this.#ledger = { ...this.#ledger, entries: this.#ledger.entries.map((entry) => ({ ...entry, startedAt: move(entry.startedAt), lastActivityAt: move(entry.lastActivityAt) })) };
    for (const [target, flaps] of this.#flaps) this.#flaps.set(target, flaps.map((flap) => ({ ...flap, at: move(flap.at) })));
  }

  #record(incidentId: string, target: string, mode: Mode, at: number): void {
    // The clock may have been set back between the event and here.
    this.#ledger = recordActivity(this.#ledger, { incidentId, target, mode }, Math.min(at, this.#clock?.now() ?? at));
  }
}
