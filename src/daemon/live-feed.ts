import type { StatusView, TriggerView } from '../http/guard-api.js';
import type { LiveApi, LiveEvent } from '../http/live-api.js';
import type { Incident } from '../incident/incident.js';
import type { JournalEntry } from '../incident/incident-event.js';
import type { AttemptOutput } from '../rollback/execution-run.js';
import type { Clock } from '../time/clock.js';

const PING_EVERY_MS = 10_000;
const CHANGES_EVERY_MS = 1_000;
/** What belongs together comes within a moment: the triggers that are due at one slot, the lines of one decision. */
const GATHER_MS = 50;

export interface LiveFeedPorts {
  readonly clock: Clock;
  /** The number of the newest journal line when the feed begins. */
  readonly lastSeq: number;
  readonly status: () => StatusView;
  readonly triggers: () => readonly TriggerView[];
  readonly trigger: (name: string) => TriggerView | undefined;
  readonly openIncidents: () => readonly Incident[];
  /** One that may have ended. */
  readonly incident: (id: string) => Promise<Incident>;
  readonly output: (executionId: string, stepKey: string) => string | undefined;
  readonly report: (error: unknown) => void;
}

type Hear = (events: readonly LiveEvent[]) => void;

/**
 * Tells how things are and what changes. It is told what may have changed, looks at that once for all who listen, and
 * at nothing while nobody does.
 */
export class LiveFeed implements LiveApi {
  readonly #ports: LiveFeedPorts;
  readonly #hearers = new Set<Hear>();
  readonly #changedTriggers = new Set<string>();
  readonly #changedIncidents = new Set<string>();
  readonly #printing = new Map<string, AttemptOutput>();
  #isAllNew = false;
  #toldStatus: string | undefined;
  #toldAt = -Infinity;
  #isGathering = false;
  #lastSeq: number;
  /** Aborts when nobody listens any more. */
  #listening = new AbortController();

  constructor(ports: LiveFeedPorts) {
    this.#ports = ports;
    this.#lastSeq = ports.lastSeq;
  }

  snapshot(): LiveEvent & { readonly name: 'snapshot' } {
    const { clock, status, triggers, openIncidents } = this.#ports;
    const data = { now: clock.now(), status: status(), triggers: triggers(), incidents: openIncidents(), lastSeq: this.#lastSeq };
    return { name: 'snapshot', seq: this.#lastSeq, data };
  }

  listen(hear: Hear): () => void {
    this.#hearers.add(hear);
    if (this.#hearers.size === 1) {
      this.#listening = new AbortController();
      this.#changedTriggers.clear();
      this.#changedIncidents.clear();
      this.#printing.clear();
      this.#toldStatus = comparable(this.#ports.status());
      void this.#ping(this.#listening.signal).catch(this.#reportUnlessOver(this.#listening.signal));
    }
    return () => {
      if (this.#hearers.delete(hear) && this.#hearers.size === 0) this.#listening.abort();
    };
  }

  /** The alerts of a trigger were judged anew. */
  noteJudged(trigger: string): void {
    this.#changedTriggers.add(trigger);
    this.#gather();
  }

  noteJournaled(entries: readonly JournalEntry[]): void {
    this.#lastSeq = entries.at(-1)?.seq ?? this.#lastSeq;
    for (const { event } of entries) {
      if ('incidentId' in event && event.incidentId !== undefined) this.#changedIncidents.add(event.incidentId);
      if (event.type === 'configuration-reloaded') this.#isAllNew = true;
    }
    this.#gather();
  }

  /** A step has printed something. */
  notePrinted(of: AttemptOutput): void {
    this.#printing.set(`${of.executionId} ${of.stepKey}`, of);
    this.#gather();
  }

  /** Whether Belay can see and act may have changed. */
  noteState(): void {
    this.#gather();
  }

  #gather(): void {
    if (this.#isGathering || this.#hearers.size === 0) return;
    this.#isGathering = true;
    const { clock } = this.#ports;
    const { signal } = this.#listening;
    const at = Math.max(clock.now() + GATHER_MS, Math.min(this.#toldAt, clock.now()) + CHANGES_EVERY_MS);
    void clock
      .sleepUntil(at, signal)
      .finally(() => {
        this.#isGathering = false;
        this.#toldAt = clock.now();
      })
      .then(() => this.#tellChanges())
      .catch(this.#reportUnlessOver(signal));
  }

  async #tellChanges(): Promise<void> {
    const incidents = [...this.#changedIncidents];
    const triggers = [...this.#changedTriggers];
    const printing = [...this.#printing.values()];
    this.#printing.clear();
    this.#changedIncidents.clear();
    this.#changedTriggers.clear();
    if (this.#isAllNew) {
      this.#isAllNew = false;
      this.#toldStatus = undefined;
      this.#tell([this.snapshot()]);
    }
    const seq = this.#lastSeq;
    const ended = await this.#incidents(incidents);
    const changed = triggers.flatMap((name) => this.#ports.trigger(name) ?? []);
    const status = this.#ports.status();
    const isNewStatus = this.#toldStatus !== (this.#toldStatus = comparable(status));
    this.#tell([
      ...(isNewStatus ? [{ name: 'status', seq, data: status } as const] : []),
      ...(changed.length > 0 ? [{ name: 'triggers', seq, data: changed } as const] : []),
      ...ended.map((data) => ({ name: 'incident', seq, data }) as const),
      ...printing.map(({ executionId, stepKey }) => ({ name: 'output', seq, data: { executionId, stepKey, output: this.#ports.output(executionId, stepKey) ?? '' } }) as const),
    ]);
  }

  async #incidents(ids: readonly string[]): Promise<readonly Incident[]> {
    const open = new Map(this.#ports.openIncidents().map((incident) => [incident.id, incident]));
    const found: Incident[] = [];
    for (const id of ids) {
      try {
        found.push(open.get(id) ?? (await this.#ports.incident(id)));
      } catch (error) {
        this.#ports.report(error);
      }
    }
    return found;
  }

  async #ping(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    for (;;) {
      await clock.sleepUntil(clock.now() + PING_EVERY_MS, signal);
      this.#tell([{ name: 'ping', seq: this.#lastSeq, data: { now: clock.now() } }]);
      // Pauses end by the clock alone.
      this.#gather();
    }
  }

  #tell(events: readonly LiveEvent[]): void {
    if (events.length > 0) for (const hear of this.#hearers) hear(events);
  }

  #reportUnlessOver(signal: AbortSignal): (error: unknown) => void {
    return (error) => {
      if (!signal.aborted) this.#ports.report(error);
    };
  }
}

/** A status without the time at which it was looked at. */
function comparable(status: StatusView): string {
  return JSON.stringify({ ...status, now: 0 });
}
