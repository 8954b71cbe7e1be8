import type { JournalEvent } from '../incident/incident-event.js';
import type { Impact } from '../decision/impact.js';
import type { Observation } from '../source/sample.js';
import type { Query, Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import type { Alert, AlertHealth } from '../trigger/alert.js';
import { advanceSight, blindAfterMs, clearSight } from '../trigger/blindness.js';
import type { ChangeMarkers } from '../trigger/baseline.js';
import { createEvaluationLoop, type EvaluationLoop, type EvaluationResult } from '../trigger/evaluation-loop.js';
import type { Recheck } from '../trigger/evaluate-trigger.js';
import { createMemberSource, type MemberSource } from '../trigger/member-source.js';
import { atLeastFire, MEMBER_SOURCE, type Truth, truthOf } from '../trigger/members.js';
import { type SharedQuestions, shareQuestions } from '../trigger/shared-questions.js';
import type { Trigger } from '../trigger/trigger.js';
import { answers, type TriggerHealth } from '../trigger/trigger-health.js';
import type { AlertBook } from './alert-book.js';
import type { GuardStore } from './guard-store.js';
import { impactIn } from './impact-answer.js';
import type { SourceSight } from './source-sight.js';

/** What is counted while watching; never in the way of it. */
export interface WatchObserver {
  observed(source: string, observation: Observation): void;
  evaluated(source: string, durationMs: number): void;
  missedTicks(trigger: string, count: number): void;
  alerts(target: string, counts: Readonly<Record<Alert['state'], number>>): void;
}

export interface TriggerWatchPorts {
  readonly clock: Clock;
  readonly store: Pick<GuardStore, 'saveAlerts' | 'append'>;
  /** What baselines before a change go by. */
  readonly changes: ChangeMarkers;
  /** The target's alerts were judged anew; they are in the book. */
  readonly onEvaluated: (target: string) => void;
  readonly onJudged?: ((trigger: Trigger, alerts: readonly Alert[]) => void) | undefined;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  readonly observer: WatchObserver;
}

/** A trigger whose source is slow must not hold the others up. */
const CATCH_UP_LIMIT_MS = 500;

/** The evaluation loops of all triggers over one set of sources. */
export class TriggerWatch {
  readonly #loops = new Map<string, EvaluationLoop>();
  readonly #triggers: readonly Trigger[];
  readonly #alerts: AlertBook;
  readonly #ports: TriggerWatchPorts;
  readonly #shared: ReadonlyMap<string, SharedQuestions>;
  readonly #members: MemberSource;
  readonly #sights: Map<string, SourceSight>;

  constructor(triggers: readonly Trigger[], sources: ReadonlyMap<string, Source>, alerts: AlertBook, sights: Map<string, SourceSight>, ports: TriggerWatchPorts) {
    this.#triggers = triggers;
    this.#alerts = alerts;
    this.#sights = sights;
    this.#ports = ports;
    this.#shared = new Map([...sources].map(([name, source]) => [name, shareQuestions(source)]));
    this.#members = createMemberSource(triggers, ports.clock);
    for (const trigger of triggers) {
      const source = trigger.source === MEMBER_SOURCE ? this.#members : this.#shared.get(trigger.source)?.asker();
      // The configuration has checked that every trigger names a source.
      if (source === undefined) throw new TypeError(`trigger ${trigger.name} names the unknown source ${trigger.source}`);
      const loop = createEvaluationLoop({
        trigger,
        source,
        changes: ports.changes,
        clock: ports.clock,
        alerts: alerts.ofTrigger(trigger.name),
        onEvaluated: (result) => this.#noteResult(result),
        onMissedTicks: (count) => ports.observer.missedTicks(trigger.name, count),
        onFault: (error) => ports.report(error, { trigger: trigger.name }),
      });
      this.#loops.set(trigger.name, loop);
    }
  }

  start(): void {
    for (const loop of this.#loops.values()) loop.start();
  }

  async stop(): Promise<void> {
    for (const shared of this.#shared.values()) shared.stop();
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
  }

  /** Looks at a trigger once more, between its slots: what it is about has changed. Resolves after the look. */
  async lookNow(trigger: string): Promise<void> {
    await this.#loops.get(trigger)?.lookAt(this.#ports.clock.now());
  }

  /** Resolves once every trigger of a target has looked at what is due by now: those that are due at one instant have their say together. A slow one is not waited for. */
  async caughtUp(target: string): Promise<void> {
    const { clock } = this.#ports;
    const over = new AbortController();
    const loops = this.#triggers.flatMap((trigger) => (trigger.target === target ? (this.#loops.get(trigger.name) ?? []) : []));
    const late = clock.sleepUntil(clock.now() + CATCH_UP_LIMIT_MS, over.signal).catch(() => undefined);
    await Promise.race([Promise.all(loops.map((loop) => loop.caughtUp())), late]);
    over.abort();
  }

  /** Sources that have given no usable answer for so long that people were told. */
  get blind(): ReadonlyMap<string, { readonly since: number; readonly message: string }> {
    return new Map([...this.#sights].flatMap(([source, { blind, unknownSince, message }]) => (blind && unknownSince !== undefined ? [[source, { since: unknownSince, message }] as const] : [])));
  }

  /** Whether a trigger sees, and why it does not where its source has said so. */
  sightOf(trigger: string): { readonly health: AlertHealth; readonly message?: string | undefined } {
    const { health = 'unknown', lastObservation } = this.#loops.get(trigger)?.health ?? {};
    return { health, message: lastObservation?.kind === 'error' ? lastObservation.message : undefined };
  }

  /** Asks the sources of some alerts once more, now: breaching when any of them still is, clear when all are known to be. */
  async recheck(alerts: readonly Alert[], signal: AbortSignal): Promise<Recheck> {
    const states = await Promise.all(
      [...new Set(alerts.map((alert) => alert.trigger))].map((trigger) =>
        this.#recheckTrigger(trigger, alerts.filter((alert) => alert.trigger === trigger), signal),
      ),
    );
    return together(states);
  }

  /** Asks the source of an alert what share of the users it concerns. Rejects only when `signal` aborts. */
  async impactOf(alert: Alert, query: Query, signal: AbortSignal): Promise<Impact> {
    const source = this.#shared.get(this.#trigger(alert.trigger)?.source ?? '')?.asker();
    if (source === undefined) return { kind: 'unknown', why: 'its trigger has no source of its own' };
    return impactIn(await source.observe(query, this.#ports.clock.now(), signal), alert);
  }

  async #recheckTrigger(name: string, alerts: readonly Alert[], signal: AbortSignal): Promise<Recheck> {
    const query = this.#trigger(name)?.query;
    if (query?.kind === 'triggers') {
      const truths = await Promise.all(query.of.map((member) => this.#truthNow(member, signal)));
      return recheckOfMembers(truths, query.atLeast);
    }
    const answered = await this.#loops.get(name)?.ask(alerts.map(({ fingerprint }) => fingerprint), signal);
    return together([...(answered?.values() ?? [])]);
  }

  /** Whether a member fires, asked anew where it did: one that did not has a window of its own to fill first. */
  async #truthNow(name: string, signal: AbortSignal): Promise<Truth | 'unconfirmable'> {
    const trigger = this.#trigger(name);
    if (trigger === undefined) return 'unknown';
    const firing = this.#alerts.ofTrigger(name).filter(({ state }) => state === 'firing');
    if (firing.length === 0) return truthOf(trigger, this.#members.stateOf(name), this.#ports.clock.now());
    const answer = await this.#recheckTrigger(name, firing, signal);
    return answer === 'breaching' ? 'firing' : answer;
  }

  #trigger(name: string): Trigger | undefined {
    return this.#triggers.find((trigger) => trigger.name === name);
  }

  async #noteResult({ trigger, tick, alerts, health, transitions }: EvaluationResult): Promise<void> {
    const { clock, observer, store, onJudged } = this.#ports;
    const before = this.#alerts.ofTrigger(trigger.name);
    const gone = before.filter((alert) => !alerts.some(({ fingerprint }) => fingerprint === alert.fingerprint)).map(forgotten);
    this.#alerts.put(trigger.name, alerts);
    onJudged?.(trigger, alerts);
    this.#members.note(trigger.name, { at: tick.at, alerts, health });
    // At its own slots a composite looks by itself.
    if (tick.kind === 'due' && transitions.length > 0) for (const composite of this.#compositesOf(trigger)) void this.#loops.get(composite.name)?.lookAt(tick.at);
    // A quiet trigger has nothing to be remembered, so the store is left alone.
    const isNews = [...before, ...alerts].some((alert) => alert.state !== 'inactive');
    // What the store has refused is owed to it: a restart would find what was true before.
    const unsaved = this.#alerts.owe(trigger.name, isNews ? [...gone, ...alerts] : []);
    if (unsaved.length > 0) await store.saveAlerts(unsaved);
    this.#alerts.saved(trigger.name);
    observer.evaluated(trigger.source, Math.max(0, clock.now() - tick.at));
    if (health.lastObservation !== undefined) observer.observed(trigger.source, health.lastObservation);
    observer.alerts(trigger.target, this.#alerts.countsOf(trigger.target));
    await this.#noteSight(trigger, health, tick.at);
    this.#ports.onEvaluated(trigger.target);
  }

  #compositesOf({ name }: Trigger): readonly Trigger[] {
    return this.#triggers.filter(({ query }) => query.kind === 'triggers' && query.of.includes(name));
  }

  async #noteSight(trigger: Trigger, { lastObservation }: TriggerHealth, at: number): Promise<void> {
    const { source, intervalMs } = trigger;
    // Composites have no eyes of their own.
    if (source === MEMBER_SOURCE) return;
    const message = lastObservation?.kind === 'error' ? lastObservation.message : 'it answers, but with no usable value';
    const known = this.#sights.get(source);
    const { sight, fact } = advanceSight(known ?? clearSight, { at, sees: lastObservation !== undefined && answers(lastObservation), message }, blindAfterMs(intervalMs));
    this.#sights.set(source, { ...sight, message });
    if (fact === undefined) return;
    const targets = [...new Set(this.#triggers.filter((other) => other.source === source).map(({ target }) => target))];
    const now = this.#ports.clock.now();
    const event: JournalEvent =
      fact.kind === 'blind'
        ? { type: 'source-blind', at: now, source, targets, since: fact.since, message: fact.message }
        : { type: 'source-seeing', at: now, source, targets, blindForMs: fact.blindForMs };
    try {
      await this.#ports.store.append([event]);
    } catch (error) {
      // What could not be written down has not been told, and is news again.
      if (known === undefined) this.#sights.delete(source);
      else this.#sights.set(source, known);
      throw error;
    }
  }
}

/** An alert that its trigger no longer knows: saved as inactive, which the store forgets. */
function forgotten(alert: Alert): Alert {
  return { ...alert, state: 'inactive' };
}

/** A composite is unconfirmable when it is for want of somebody to ask that it is not known to fire. */
function recheckOfMembers(answers: readonly (Truth | 'unconfirmable')[], atLeast: number): Recheck {
  const taken = (unconfirmable: Truth): Truth => atLeastFire(answers.map((answer) => (answer === 'unconfirmable' ? unconfirmable : answer)), atLeast);
  const truth = taken('unknown');
  if (truth === 'firing') return 'breaching';
  return truth === 'unknown' && taken('firing') === 'firing' ? 'unconfirmable' : truth;
}

/** Several answers about alerts as one. */
function together(states: readonly Recheck[]): Recheck {
  if (states.includes('breaching')) return 'breaching';
  if (states.includes('unconfirmable')) return 'unconfirmable';
  return states.length > 0 && states.every((state) => state === 'clear') ? 'clear' : 'unknown';
}
