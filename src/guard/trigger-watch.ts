import type { JournalEvent } from '../incident/incident-event.js';
import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import type { Alert, AlertTransition } from '../trigger/alert.js';
import { createEvaluationLoop, type EvaluationLoop, type Evaluation } from '../trigger/evaluation-loop.js';
import type { Trigger } from '../trigger/trigger.js';
import type { AlertBook } from './alert-book.js';
import { BlindnessWatch } from './blindness-watch.js';
import type { GuardStore } from './guard-store.js';
import type { Recheck } from './target-guard.js';

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
  readonly onEvaluated: (target: string, transitions: readonly AlertTransition[]) => Promise<void>;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  readonly observer: WatchObserver;
}

/** The evaluation loops of all triggers over one set of sources. */
export class TriggerWatch {
  readonly #loops = new Map<string, EvaluationLoop>();
  readonly #triggers: readonly Trigger[];
  readonly #alerts: AlertBook;
  readonly #ports: TriggerWatchPorts;
  readonly #blindness: BlindnessWatch;

  constructor(triggers: readonly Trigger[], sources: ReadonlyMap<string, Source>, alerts: AlertBook, ports: TriggerWatchPorts) {
    this.#triggers = triggers;
    this.#alerts = alerts;
    this.#ports = ports;
    this.#blindness = new BlindnessWatch(triggers);
    for (const trigger of triggers) {
      const source = sources.get(trigger.source);
      // The configuration has checked that every trigger names a source.
      if (source === undefined) throw new TypeError(`trigger ${trigger.name} names the unknown source ${trigger.source}`);
      const loop = createEvaluationLoop({
        trigger,
        source,
        clock: ports.clock,
        alerts: alerts.ofTrigger(trigger.name),
        onEvaluated: (evaluation) => this.#noteEvaluation(trigger, evaluation),
        onMissedTicks: (count) => ports.observer.missedTicks(trigger.name, count),
        onError: (error) => ports.report(error, { trigger: trigger.name }),
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

  /** Sources that have given no usable answer for too long, with the instant since when. */
  get blind(): ReadonlyMap<string, number> {
    return this.#blindness.blind;
  }

  /** Asks the sources of some alerts once more, now: breaching when any of them still is, clear when all are known to be. */
  async recheck(alerts: readonly Alert[], signal: AbortSignal): Promise<Recheck> {
    const byTrigger = Map.groupBy(alerts, (alert) => alert.trigger);
    const answers = await Promise.all(
      [...byTrigger].map(async ([trigger, its]) => (await this.#loops.get(trigger)?.ask(its.map(({ fingerprint }) => fingerprint), signal)) ?? []),
    );
    const states = answers.flat();
    if (states.includes('breaching')) return 'breaching';
    return states.length > 0 && states.every((state) => state === 'clear') ? 'clear' : 'unknown';
  }

  async #noteEvaluation(trigger: Trigger, evaluation: Evaluation): Promise<void> {
    const { clock, observer, store } = this.#ports;
    const before = this.#alerts.ofTrigger(trigger.name);
    this.#alerts.put(trigger.name, evaluation.alerts);
    // A quiet trigger has nothing to be remembered, so the store is left alone.
    const remembered = [...before, ...evaluation.alerts].some((alert) => alert.state !== 'inactive');
    if (remembered) await store.saveAlerts([...before.filter((alert) => !evaluation.alerts.some((other) => other.fingerprint === alert.fingerprint)).map(forgotten), ...evaluation.alerts]);
    observer.observed(trigger.source, evaluation.observation);
    observer.evaluated(trigger.source, Math.max(0, clock.now() - evaluation.at));
    observer.alerts(trigger.target, this.#countAlerts(trigger.target));
    await this.#noteSight(trigger, evaluation);
    await this.#ports.onEvaluated(trigger.target, evaluation.transitions);
  }

  async #noteSight(trigger: Trigger, { health, at }: Evaluation): Promise<void> {
    const change = this.#blindness.note(trigger, health, at);
    if (change === undefined) return;
    const targets = [...new Set(this.#triggers.filter(({ source }) => source === trigger.source).map(({ target }) => target))];
    const event: JournalEvent =
      change.kind === 'blind'
        ? { type: 'source-blind', at: this.#ports.clock.now(), source: trigger.source, targets, since: change.since, message: change.message }
        : { type: 'source-seeing', at: this.#ports.clock.now(), source: trigger.source, targets, blindForMs: change.blindForMs };
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
