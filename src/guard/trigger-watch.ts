import type { JournalEvent } from '../incident/incident-event.js';
import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import type { Alert, AlertHealth } from '../trigger/alert.js';
import { advanceSight, blindAfterMs, clearSight } from '../trigger/blindness.js';
import { createEvaluationLoop, type EvaluationLoop, type EvaluationResult } from '../trigger/evaluation-loop.js';
import type { Recheck } from '../trigger/evaluate-trigger.js';
import type { Trigger } from '../trigger/trigger.js';
import type { TriggerHealth } from '../trigger/trigger-health.js';
import type { AlertBook } from './alert-book.js';
import type { GuardStore } from './guard-store.js';
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
  /** The target's alerts were judged anew; they are in the book. */
  readonly onEvaluated: (target: string) => void;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  readonly observer: WatchObserver;
}

/** The evaluation loops of all triggers over one set of sources. */
export class TriggerWatch {
  readonly #loops = new Map<string, EvaluationLoop>();
  readonly #triggers: readonly Trigger[];
  readonly #alerts: AlertBook;
  readonly #ports: TriggerWatchPorts;
  readonly #sights: Map<string, SourceSight>;

  constructor(triggers: readonly Trigger[], sources: ReadonlyMap<string, Source>, alerts: AlertBook, sights: Map<string, SourceSight>, ports: TriggerWatchPorts) {
    this.#triggers = triggers;
    this.#alerts = alerts;
    this.#sights = sights;
    this.#ports = ports;
    for (const trigger of triggers) {
      const source = sources.get(trigger.source);
      // The configuration has checked that every trigger names a source.
      if (source === undefined) throw new TypeError(`trigger ${trigger.name} names the unknown source ${trigger.source}`);
      const loop = createEvaluationLoop({
        trigger,
        source,
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
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
  }

  /** Sources that have given no usable answer for so long that people were told. */
  get blind(): ReadonlyMap<string, { readonly since: number; readonly message: string }> {
    return new Map([...this.#sights].flatMap(([source, { blind, unknownSince, message }]) => (blind && unknownSince !== undefined ? [[source, { since: unknownSince, message }] as const] : [])));
  }

  healthOf(trigger: string): AlertHealth {
    return this.#loops.get(trigger)?.health.health ?? 'unknown';
  }

  /** Asks the sources of some alerts once more, now: breaching when any of them still is, clear when all are known to be. */
  async recheck(alerts: readonly Alert[], signal: AbortSignal): Promise<Recheck> {
    const answers = await Promise.all(
      [...new Set(alerts.map((alert) => alert.trigger))].map(async (trigger) => {
        const fingerprints = alerts.filter((alert) => alert.trigger === trigger).map(({ fingerprint }) => fingerprint);
        return [...((await this.#loops.get(trigger)?.ask(fingerprints, signal)) ?? new Map<string, Recheck>()).values()];
      }),
    );
    const states = answers.flat();
    if (states.includes('breaching')) return 'breaching';
    return states.length > 0 && states.every((state) => state === 'clear') ? 'clear' : 'unknown';
  }

  async #noteResult({ trigger, tick, alerts, health }: EvaluationResult): Promise<void> {
    const { clock, observer, store } = this.#ports;
    const before = this.#alerts.ofTrigger(trigger.name);
    const gone = before.filter((alert) => !alerts.some(({ fingerprint }) => fingerprint === alert.fingerprint)).map(forgotten);
    this.#alerts.put(trigger.name, alerts);
    // A quiet trigger has nothing to be remembered, so the store is left alone.
    if ([...before, ...alerts].some((alert) => alert.state !== 'inactive')) await store.saveAlerts([...gone, ...alerts]);
    observer.evaluated(trigger.source, Math.max(0, clock.now() - tick.at));
    if (health.lastObservation !== undefined) observer.observed(trigger.source, health.lastObservation);
    observer.alerts(trigger.target, this.#countAlerts(trigger.target));
    await this.#noteSight(trigger, health, tick.at);
    this.#ports.onEvaluated(trigger.target);
  }

  async #noteSight(trigger: Trigger, { health, lastObservation }: TriggerHealth, at: number): Promise<void> {
    const { source, intervalMs } = trigger;
    const message = lastObservation?.kind === 'error' ? lastObservation.message : 'it answers, but with no usable value';
    const { sight, fact } = advanceSight(this.#sights.get(source) ?? clearSight, { at, sees: health === 'ok', message }, blindAfterMs(intervalMs));
    this.#sights.set(source, { ...sight, message });
    if (fact === undefined) return;
    const targets = [...new Set(this.#triggers.filter((other) => other.source === source).map(({ target }) => target))];
    const now = this.#ports.clock.now();
    const event: JournalEvent =
      fact.kind === 'blind'
        ? { type: 'source-blind', at: now, source, targets, since: fact.since, message: fact.message }
        : { type: 'source-seeing', at: now, source, targets, blindForMs: fact.blindForMs };
    await this.#ports.store.append([event]);
  }

  #countAlerts(target: string): Record<Alert['state'], number> {
    const counts = { inactive: 0, pending: 0, firing: 0 };
    for (const alert of this.#alerts.ofTarget(target)) counts[alert.state] += 1;
    return counts;
  }
}

/** An alert that its trigger no longer knows: saved as inactive, which the store forgets. */
function forgotten(alert: Alert): Alert {
  return { ...alert, state: 'inactive' };
}
