import PQueue from 'p-queue';
import { errorText } from '../fault/belay-error.js';
import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import { slotAfter, slotAtOrBefore } from '../time/slots.js';
import type { Alert, AlertTransition } from './alert.js';
import type { ChangeMarkers } from './baseline.js';
import { evaluateTrigger, recheckAlerts, type Evaluation, type Recheck, type Tick } from './evaluate-trigger.js';
import { lookCloser, lookIntoGap } from './hindsight.js';
import type { Trigger } from './trigger.js';
import { healthBeforeFirstAnswer, type TriggerHealth } from './trigger-health.js';
import { sourceOf } from './trigger-source.js';

/** One turn of the loop. Its transitions include those that an earlier `onEvaluated` failed to take. */
export interface EvaluationResult extends Evaluation {
  readonly trigger: Trigger;
  readonly tick: Tick;
}

export interface EvaluationLoopOptions {
  readonly trigger: Trigger;
  readonly source: Source;
  /** What `baseline: { before: change }` goes by; without it no change is known. */
  readonly changes?: ChangeMarkers | undefined;
  readonly clock: Clock;
  /** What was known of this trigger's alerts before a restart. */
  readonly alerts: readonly Alert[];
  /** Takes each result; the next question waits for it. When it rejects, its transitions come again with the next result. */
  readonly onEvaluated: (result: EvaluationResult) => Promise<void>;
  /** Slots that went by unasked because an earlier question, or the machine, took too long. */
  readonly onMissedTicks: (count: number) => void;
  /** What went wrong in a turn; the loop goes on. */
  readonly onFault: (error: unknown) => void;
}

export interface EvaluationLoop {
  readonly alerts: readonly Alert[];
  readonly health: TriggerHealth;
  start(): void;
  /** Aborts the question in hand and resolves once nothing of the loop runs any more. */
  stop(): Promise<void>;
  /** Resolves once the loop has looked at everything that is due by now, and its result was taken; or has stopped. */
  caughtUp(): Promise<void>;
  /** Takes one more look soon, about the instant `at` between two slots: something that the trigger depends on has changed then. Resolves after it. */
  lookAt(at: number): Promise<void>;
  /**
   * Asks the source now and judges the given alerts by the answer, without advancing their windows. An answer that the
   * trigger counts as a breach (`onNoData`, `onError`) is one here too. Rejects only when the loop stops or `signal` aborts.
   */
  ask(fingerprints: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, Recheck>>;
}

/** Transitions that wait for an `onEvaluated` that keeps failing; beyond this the oldest are let go. */
const MAX_UNDELIVERED = 1_000;

/**
 * Asks a source about one trigger at every slot (multiple of the trigger's interval), and also at the very instant at
 * which a pending window falls due. One question at a time: a source slower than the interval makes the loop miss
 * slots, which are counted and never queued.
 */
export function createEvaluationLoop({ trigger, clock, alerts: restored, ...ports }: EvaluationLoopOptions): EvaluationLoop {
  const source = sourceOf(trigger, ports.source, ports.changes);
  const stopping = new AbortController();
  const turns = new PQueue({ concurrency: 1 });
  let alerts = restored;
  let health = healthBeforeFirstAnswer;
  let undelivered: readonly AlertTransition[] = [];
  let newestAsked: ReadonlyMap<string, number> = new Map();
  let running: Promise<void> | undefined;
  /** The instant that the loop sleeps until; while it works, the one that it woke at. */
  let wakesAt = Infinity;
  const catchingUp = new Set<() => void>();

  async function run(): Promise<void> {
    let lastSlotAt = slotAfter(clock.now() - 1, trigger.intervalMs) - trigger.intervalMs;
    let dueAt: number | undefined;
    for (;;) {
      if (lastSlotAt > clock.now()) {
        // The clock was set back while the source was asked, or while the loop slept: the slots begin anew from here.
        lastSlotAt = slotAtOrBefore(clock.now(), trigger.intervalMs);
        dueAt = undefined;
      }
      wakesAt = Math.min(lastSlotAt + trigger.intervalMs, dueAt ?? Infinity);
      if (wakesAt > clock.now()) tellCaughtUp();
      await clock.sleepUntil(wakesAt, stopping.signal);
      const now = clock.now();
      const slotAt = slotAtOrBefore(now, trigger.intervalMs);
      if (slotAt > lastSlotAt) {
        const missed = Math.round((slotAt - lastSlotAt) / trigger.intervalMs) - 1;
        lastSlotAt = slotAt;
        dueAt = await turn({ kind: 'slot', at: slotAt }, missed);
      } else if (dueAt !== undefined && dueAt <= now) {
        dueAt = await turn({ kind: 'due', at: dueAt }, 0);
      }
    }
  }

  function tellCaughtUp(): void {
    for (const tell of catchingUp) tell();
    catchingUp.clear();
  }

  /** One turn, which never rejects but for the stop; gives the instant at which the next window falls due. */
  async function turn(tick: Tick, missed: number): Promise<number | undefined> {
    try {
      if (missed > 0) ports.onMissedTicks(missed);
      return await turns.add(() => evaluate(tick));
    } catch (error) {
      stopping.signal.throwIfAborted();
      ports.onFault(error);
      return undefined;
    }
  }

  async function evaluate(tick: Tick): Promise<number | undefined> {
    const observation = await observe(tick.at, stopping.signal);
    const question = { trigger, source, signal: stopping.signal };
    const gap = await lookIntoGap(question, alerts, observation, tick);
    let past: Pick<Evaluation, 'alerts' | 'health'> = { alerts, health };
    const transitions = [...undelivered];
    for (const answer of gap.answers) {
      const step = evaluateTrigger(trigger, past.alerts, answer, { kind: 'slot', at: answer.at }, past.health);
      transitions.push(...step.transitions);
      past = step;
    }
    const present = evaluateTrigger(trigger, past.alerts, observation, tick, past.health);
    const { evaluation, warnings } = await lookCloser(question, past.alerts, present, tick);
    alerts = evaluation.alerts;
    health = { ...evaluation.health, warnings: [...evaluation.health.warnings, ...gap.warnings, ...warnings] };
    transitions.push(...evaluation.transitions);
    undelivered = transitions.slice(-MAX_UNDELIVERED);
    try {
      await ports.onEvaluated({ trigger, tick, alerts, health, transitions: undelivered, dueAt: evaluation.dueAt });
      undelivered = [];
    } catch (error) {
      ports.onFault(error);
    }
    return evaluation.dueAt;
  }

  async function observe(at: number, signal: AbortSignal, ask: Source['observe'] = source.observe.bind(source)): Promise<Observation> {
    try {
      return await ask(trigger.query, at, signal);
    } catch (error) {
      signal.throwIfAborted();
      ports.onFault(error);
      return { kind: 'error', at, reason: 'our-side', message: errorText(error) };
    }
  }

  async function recheck(fingerprints: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Recheck>> {
    signal.throwIfAborted();
    const at = clock.now();
    const answer = await observe(at, signal, source.confirm?.bind(source));
    const { verdicts, newestAt } = recheckAlerts(trigger, alerts, answer, at, fingerprints, newestAsked);
    newestAsked = newestAt;
    return verdicts;
  }

  return {
    get alerts() {
      return alerts;
    },
    get health() {
      return health;
    },
    start() {
      running ??= run()
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) ports.onFault(error);
        })
        .finally(() => {
          wakesAt = Infinity;
          tellCaughtUp();
        });
    },
    caughtUp: () => (wakesAt > clock.now() ? Promise.resolve() : new Promise((resolve) => catchingUp.add(resolve))),
    async stop() {
      stopping.abort();
      await running;
      await turns.onIdle();
    },
    async lookAt(at) {
      if (running === undefined || stopping.signal.aborted) return;
      await turn({ kind: 'due', at }, 0).catch((error: unknown) => {
        if (!stopping.signal.aborted) ports.onFault(error);
      });
    },
    ask(fingerprints, signal) {
      const either = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal]);
      return turns.add(() => recheck(fingerprints, either), { priority: 1 });
    },
  };
}
