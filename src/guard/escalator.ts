import { applyToIncident, type Incident } from '../incident/incident.js';
import type { JournalEntry } from '../incident/incident-event.js';
import type { Clock } from '../time/clock.js';
import { ClockSteps } from '../time/clock-steps.js';
import { WakingSleep } from '../time/waking-sleep.js';
import { type EscalationStep, nextEscalation, type NextEscalation } from './escalation.js';
import type { GuardStore } from './guard-store.js';

export interface EscalatorPorts {
  readonly clock: Clock;
  readonly store: Pick<GuardStore, 'append' | 'openIncidents' | 'entriesOfIncident'>;
  /** The steps of a target, soonest first, as the configuration is now. */
  readonly stepsOf: (target: string) => readonly EscalationStep[];
  readonly report: (error: unknown) => void;
}

interface OpenIncident {
  /** The journal line up to which it is folded. */
  readonly seq: number;
  readonly incident: Incident;
  /** Since when somebody is wanted, as the clock shows it now: it moves with a clock that is set. */
  readonly wantedAt: number | undefined;
}

/** How often steps are looked at without a reason: a new configuration may have brought sooner ones. */
const LOOK_MS = 60_000;
const STORE_RETRY_MS = 1_000;

/**
 * Calls the next people when nobody looks after an incident that waits for a person. It listens to the journal and
 * writes each call there before it is told, so that a restart neither forgets a call nor repeats one.
 */
export class Escalator {
  readonly #ports: EscalatorPorts;
  readonly #sleep: WakingSleep;
  readonly #steps: ClockSteps;
  readonly #stopping = new AbortController();
  readonly #open = new Map<string, OpenIncident>();
  #loop: Promise<void> | undefined;

  constructor(ports: EscalatorPorts) {
    this.#ports = ports;
    this.#sleep = new WakingSleep(ports.clock, this.#stopping.signal);
    this.#steps = new ClockSteps(ports.clock);
  }

  /** Takes up the open incidents of before a restart, and begins. */
  async start(): Promise<void> {
    const { store } = this.#ports;
    for (const id of await store.openIncidents()) {
      for (const entry of await store.entriesOfIncident(id)) this.note(entry);
    }
    // What seems to lie ahead is from before the clock was set back.
    const now = this.#ports.clock.now();
    for (const [id, open] of this.#open) this.#open.set(id, { ...open, wantedAt: open.wantedAt && Math.min(open.wantedAt, now) });
    this.#loop ??= this.#run();
  }

  /** A journal line that is durable. */
  note({ seq, event }: JournalEntry): void {
    const incidentId = 'incidentId' in event ? event.incidentId : undefined;
    if (incidentId === undefined) return;
    const known = this.#open.get(incidentId);
    if (known !== undefined && seq <= known.seq) return;
    this.#moveWithClock();
    const incident = applyToIncident(known?.incident, event);
    const since = incident?.attention?.since;
    const wantedAt = since !== undefined && since === known?.incident.attention?.since ? known.wantedAt : since;
    if (incident === undefined || incident.endedAt !== undefined) this.#open.delete(incidentId);
    else this.#open.set(incidentId, { seq, incident, wantedAt });
    this.#sleep.poke();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, report } = this.#ports;
    while (!this.#stopping.signal.aborted) {
      let until = clock.now() + LOOK_MS;
      try {
        const next = this.#next();
        if (next !== undefined && next.call.at <= clock.now()) {
          await this.#call(next.incident, next.call);
          continue;
        }
        until = Math.min(until, next?.call.at ?? Infinity);
      } catch (error) {
        report(error);
        until = clock.now() + STORE_RETRY_MS;
      }
      await this.#sleep.until(until);
    }
  }

  /** Who is to be called after five minutes is called then, and neither an hour later nor at once. */
  #moveWithClock(): void {
    const stepMs = this.#steps.takeMs();
    if (stepMs === 0) return;
    for (const [id, open] of this.#open) this.#open.set(id, { ...open, wantedAt: open.wantedAt && open.wantedAt + stepMs });
  }

  #next(): { readonly incident: Incident; readonly call: NextEscalation } | undefined {
    this.#moveWithClock();
    const calls = [...this.#open.values()].flatMap(({ incident, wantedAt }) => {
      const call = nextEscalation(incident, this.#ports.stepsOf(incident.target), wantedAt);
      return call === undefined ? [] : [{ incident, call }];
    });
    return calls.reduce<(typeof calls)[number] | undefined>((first, other) => (first === undefined || other.call.at < first.call.at ? other : first), undefined);
  }

  async #call({ id: incidentId, target, attention }: Incident, { number, step: { to, people } }: NextEscalation): Promise<void> {
    const { clock, store, stepsOf } = this.#ports;
    const at = clock.now();
    const written = await store.append([{ type: 'incident-escalated', incidentId, target, at, since: attention?.since ?? at, step: number, steps: stepsOf(target).length, to, tell: people }]);
    for (const entry of written) this.note(entry);
  }
}
