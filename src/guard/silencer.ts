import PQueue from 'p-queue';
import { errorText } from '../fault/belay-error.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import type { AlertMatcher } from '../source/alert-match.js';
import type { RequestFault } from '../source/request-fault.js';
import type { Silences } from '../source/silences.js';
import type { Clock } from '../time/clock.js';
import type { GuardStore } from './guard-store.js';

/** What a target says of the noise that its rollbacks make. */
export interface SilenceSettings {
  /** The Alertmanager that is quietened. */
  readonly source: string;
  readonly match: readonly AlertMatcher[];
  /** The silence ends by itself after this time, whatever becomes of Belay. */
  readonly forMs: number;
}

export interface SilencerPorts {
  readonly clock: Clock;
  readonly store: Pick<GuardStore, 'append' | 'entriesOfTypes' | 'openIncidents'>;
  readonly settingsOf: (target: string) => SilenceSettings | undefined;
  readonly silencesOf: (source: string) => Silences | undefined;
  readonly report: (error: unknown) => void;
}

type Created = Extract<JournalEvent, { type: 'silence-created' }>;
type Fault = Pick<RequestFault, 'message'>;

/** How often, and how far apart, a silence is asked for before people are told that there is none. */
const TRIES = 3;
const RETRY_MS = 2_000;
/** Silences that began longer ago are over. */
const LOOK_BACK_MS = 7 * 86_400_000;

/**
 * Quietens Alertmanager while a target is rolled back: a silence is made when a rung starts for real, and ended with the
 * incident. It listens to the journal and stands beside the rollback, which never waits for it: what cannot be silenced
 * makes noise, and is told.
 */
export class Silencer {
  readonly #ports: SilencerPorts;
  readonly #work = new PQueue({ concurrency: 1 });
  readonly #stopping = new AbortController();
  readonly #open = new Map<string, Created>();

  constructor(ports: SilencerPorts) {
    this.#ports = ports;
  }

  /** Takes up the silences of before a restart, and ends those whose incidents are over. */
  async restore(): Promise<void> {
    const { store, clock } = this.#ports;
    const now = clock.now();
    for (const { event } of await store.entriesOfTypes(['silence-created', 'silence-removed'], now - LOOK_BACK_MS)) {
      if (event.type === 'silence-created' && event.until > now) this.#open.set(event.incidentId, event);
      if (event.type === 'silence-removed') this.#open.delete(event.incidentId);
    }
    const openIncidents = new Set(await store.openIncidents());
    for (const { incidentId } of this.#open.values()) if (!openIncidents.has(incidentId)) this.#ask(() => this.#remove(incidentId));
  }

  /** A journal line that has just become durable. */
  note({ event }: Pick<JournalEntry, 'event'>): void {
    if (event.type === 'rung-started' && event.mode === 'enforce') this.#ask(() => this.#create(event.incidentId, event.target));
    if (event.type === 'incident-recovered' || event.type === 'incident-closed') this.#ask(() => this.#remove(event.incidentId));
  }

  /** Resolves once every silence that was asked for has been made or ended, or was given up. */
  idle(): Promise<void> {
    return this.#work.onIdle();
  }

  /** What is not done by now is done by the next start, or ends by itself. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work.onIdle();
  }

  #ask(work: () => Promise<void>): void {
    this.#work.add(work).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#ports.report(error);
    });
  }

  async #create(incidentId: string, target: string): Promise<void> {
    const { clock, settingsOf, store } = this.#ports;
    const settings = settingsOf(target);
    const now = clock.now();
    if (settings === undefined || (this.#open.get(incidentId)?.until ?? -Infinity) > now) return;
    const { source, match, forMs } = settings;
    const until = now + forMs;
    const comment = `Belay rolls ${target} back (${incidentId})`;
    const made = await this.#trying(source, (silences, signal) => silences.create({ match, startsAt: now, endsAt: until, comment }, signal));
    if ('message' in made) {
      await store.append([{ type: 'silence-failed', at: clock.now(), target, incidentId, source, doing: 'create', message: made.message }]);
      return;
    }
    const created: Created = { type: 'silence-created', at: clock.now(), target, incidentId, source, silenceId: made.id, until };
    this.#open.set(incidentId, created);
    await store.append([created]);
  }

  async #remove(incidentId: string): Promise<void> {
    const { clock, store } = this.#ports;
    const created = this.#open.get(incidentId);
    if (created === undefined) return;
    const { target, source, silenceId, until } = created;
    this.#open.delete(incidentId);
    if (until <= clock.now()) return;
    const ended = await this.#trying(source, async (silences, signal) => (await silences.remove(silenceId, signal)) ?? {});
    const base = { at: clock.now(), target, incidentId, source };
    await store.append(['message' in ended ? { type: 'silence-failed', ...base, doing: 'remove', message: ended.message } : { type: 'silence-removed', ...base, silenceId }]);
  }

  /** The first answer that is no fault, or the last fault. */
  async #trying<T extends object>(source: string, ask: (silences: Silences, signal: AbortSignal) => Promise<T | Fault>): Promise<T | Fault> {
    const { clock, silencesOf } = this.#ports;
    const silences = silencesOf(source);
    if (silences === undefined) return { message: `there is no Alertmanager "${source}" any more` };
    for (let triesLeft = TRIES; ; triesLeft -= 1) {
      const answer = await ask(silences, this.#stopping.signal).catch((error: unknown) => ({ message: errorText(error) }));
      this.#stopping.signal.throwIfAborted();
      if (!('message' in answer) || triesLeft <= 1) return answer;
      await clock.sleepUntil(clock.now() + RETRY_MS, this.#stopping.signal);
    }
  }
}
