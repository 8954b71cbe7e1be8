import { evaluateTrigger } from '../trigger/evaluate-trigger.js';
import type { Alert } from '../trigger/alert.js';
import type { Trigger } from '../trigger/trigger.js';
import { healthBeforeFirstAnswer, type TriggerHealth } from '../trigger/trigger-health.js';
import type { Labels } from '../source/sample.js';
import type { PlotPoint } from '../plot/plot.js';
import { AlertSpans, type FiringSpan, hasDirection, type PendingSpan, worse } from './alert-spans.js';
import type { History } from './history.js';
import { ValueColumns } from './value-columns.js';

/** What one trigger would have done over a stretch of the past. */
export interface TriggerReplay {
  readonly trigger: Trigger;
  readonly stepMs: number;
  /** The first and the last tick; absent when the past held none. */
  readonly fromAt?: number | undefined;
  readonly toAt?: number | undefined;
  readonly ticks: number;
  /** Ticks at which no series had a known value. */
  readonly unknownTicks: number;
  readonly firings: readonly FiringSpan[];
  readonly pending: readonly PendingSpan[];
  /** The value that came nearest to the threshold, or went furthest beyond it; absent for `==` and `!=`. */
  readonly extreme?: ExtremeValue | undefined;
  /** One for each series, by its labels. */
  readonly lines: readonly ReplayedLine[];
  /** What the source failed to answer, each said once. */
  readonly faults: readonly string[];
}

export interface ExtremeValue {
  readonly at: number;
  readonly value: number;
  readonly labels: Labels;
}

export interface ReplayedLine {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly points: readonly PlotPoint[];
}

const MOST_FAULTS = 5;

export interface ReplayListener {
  /** How far the replay is, 0 to 1. */
  readonly onShare?: (share: number) => void;
  readonly onEvaluated?: (at: number, alerts: readonly Alert[], health: TriggerHealth) => void;
}

/**
 * Shows a trigger its past, tick by tick, through the very function that the daemon runs. The trigger's interval is
 * taken to be the step of the history, so that "at most 1.5 intervals apart" and `consecutive` mean steps.
 */
export async function replayTrigger(declared: Trigger, { stepMs, batches }: History, { onShare, onEvaluated }: ReplayListener = {}): Promise<TriggerReplay> {
  const trigger: Trigger = { ...declared, intervalMs: stepMs };
  const spans = new AlertSpans(trigger);
  const columns = new Map<string, { readonly labels: Labels; readonly values: ValueColumns }>();
  const faults = new Set<string>();
  let alerts: readonly Alert[] = [];
  let health = healthBeforeFirstAnswer;
  let extreme: ExtremeValue | undefined;
  let fromAt: number | undefined;
  let toAt: number | undefined;
  let ticks = 0;
  let unknownTicks = 0;

  for await (const { observations, share } of batches) {
    for (const observation of observations) {
      const { at } = observation;
      const evaluation = evaluateTrigger(trigger, alerts, observation, { kind: 'slot', at }, health);
      ({ alerts, health } = evaluation);
      spans.note(at, alerts);
      onEvaluated?.(at, alerts, health);
      ticks += 1;
      fromAt ??= at;
      toAt = at;
      if (health.health !== 'ok') unknownTicks += 1;
      if (health.lastObservation?.kind === 'error' && faults.size < MOST_FAULTS) faults.add(health.lastObservation.message);
      for (const { fingerprint, labels, lastValue } of alerts) {
        if (lastValue?.at !== at) continue;
        const { value } = lastValue;
        const line = columns.get(fingerprint) ?? { labels, values: new ValueColumns(stepMs) };
        columns.set(fingerprint, line);
        line.values.add(at, value);
        if (extreme === undefined || worse(trigger, extreme.value, value) !== extreme.value) extreme = { at, value, labels };
      }
    }
    onShare?.(share);
  }
  if (toAt !== undefined) spans.close(toAt);
  return {
    trigger,
    stepMs,
    fromAt,
    toAt,
    ticks,
    unknownTicks,
    firings: spans.firings,
    pending: spans.pending,
    extreme: hasDirection(trigger) ? extreme : undefined,
    lines: [...columns].map(([fingerprint, { labels, values }]) => ({ fingerprint, labels, points: values.points })),
    faults: [...faults],
  };
}
