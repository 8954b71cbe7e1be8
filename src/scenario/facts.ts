import type { JournalEvent } from '../incident/incident-event.js';
import type { Alert, AlertState } from '../trigger/alert.js';
import type { VirtualClock } from '../time/virtual-clock.js';
import { MemoryGuardStore } from './memory-store.js';

/** Something that happened in a run, at an instant in milliseconds since the epoch. */
export type Fact =
  | { readonly kind: 'journal'; readonly at: number; readonly event: JournalEvent }
  | { readonly kind: 'alert'; readonly at: number; readonly from: AlertState; readonly alert: Alert }
  /** What the scenario itself did: a restart, or what a person did. */
  | { readonly kind: 'scenario'; readonly at: number; readonly text: string };

/** Keeps what the guard keeps, and beside it everything that happened, in its order. */
export class RecordingStore extends MemoryGuardStore {
  readonly facts: Fact[] = [];
  readonly #clock: VirtualClock;
  readonly #states = new Map<string, AlertState>();

  constructor(clock: VirtualClock) {
    super();
    this.#clock = clock;
  }

  note(text: string): void {
    this.facts.push({ kind: 'scenario', at: this.#clock.now(), text });
  }

  override async append(events: readonly JournalEvent[]): ReturnType<MemoryGuardStore['append']> {
    const entries = await super.append(events);
    for (const { event } of entries) this.facts.push({ kind: 'journal', at: event.at, event });
    return entries;
  }

  override saveAlerts(alerts: readonly Alert[]): Promise<void> {
    for (const alert of alerts) {
      const from = this.#states.get(alert.fingerprint) ?? 'inactive';
      if (from === alert.state) continue;
      this.#states.set(alert.fingerprint, alert.state);
      this.facts.push({ kind: 'alert', at: this.#clock.now(), from, alert });
    }
    return super.saveAlerts(alerts);
  }
}
