import type { JournalEvent } from '../incident/incident-event.js';
import { changeEventTypes, Changes } from './changes.js';
import { Fleet, ledgerEventTypes } from './fleet.js';
import type { GuardStore } from './guard-store.js';
import type { Clock } from '../time/clock.js';
import { activePauses, applyToPauses, foldPauses, pauseEventTypes, pauseHistory, type Pause } from './pauses.js';

/** What the journal comes to beyond single incidents: the fleet with its ledger, the pauses, and the change markers. */
export class SharedBooks {
  readonly fleet: Fleet;
  readonly changes: Changes;
  #pauses: readonly Pause[] = [];

  /** `onMarked` hears that there is a new change marker. */
  constructor(onMarked: () => void, clock?: Clock) {
    this.fleet = new Fleet(clock);
    this.changes = new Changes(onMarked);
  }

  get pauses(): readonly Pause[] {
    return this.#pauses;
  }

  /** The pauses that hold a target back now. */
  pausesOf(target: string, now: number): readonly Pause[] {
    return activePauses(this.#pauses, target, now);
  }

  /** Resolves with every pause that there has been, each until it really ended. */
  async restore(store: Pick<GuardStore, 'entriesOfTypes'>): Promise<readonly Pause[]> {
    this.fleet.restore(await store.entriesOfTypes(ledgerEventTypes, 0));
    this.changes.restore(await store.entriesOfTypes(changeEventTypes, 0));
    const pausing = await store.entriesOfTypes(pauseEventTypes, 0);
    this.#pauses = foldPauses(pausing);
    return pauseHistory(pausing);
  }

  /** Books an event that has just become durable. */
  note(event: JournalEvent): void {
    this.fleet.note(event);
    this.changes.note(event);
    this.#pauses = applyToPauses(this.#pauses, event);
  }

  /** Lets go of what the journal no longer has: incidents, and what was before `since` (ms since the epoch) and says nothing about now. */
  forget(incidentIds: readonly string[], since: number): void {
    this.fleet.forget(incidentIds);
    this.changes.forgetBefore(since);
    this.#pauses = this.#pauses.filter(({ until }) => until === undefined || until >= since);
  }
}
