import type { Observation } from '../source/sample.js';
import { verdictOn } from './advance-alert.js';
import type { Alert } from './alert.js';
import { nextDueAt, type Evaluation, type Tick } from './evaluate-trigger.js';
import { fingerprintOf } from './fingerprint.js';
import type { Trigger } from './trigger.js';
import { isContinuous, isFull } from './window.js';

/** An alert that a tick has made pending, and the last time at which its condition was known not to hold. */
export interface Onset {
  readonly fingerprint: string;
  readonly clearAt: number;
}

/** The breaches that began somewhere between two neighbouring slots, so that a closer look can tell when. */
export function onsetsIn(trigger: Trigger, before: readonly Alert[], evaluation: Evaluation, tick: Tick): readonly Onset[] {
  if (trigger.window.kind !== 'for' || tick.kind !== 'slot') return [];
  const clearAt = new Map(
    before.flatMap(({ fingerprint, state, health, window: { judgedAt } }) =>
      state === 'inactive' && health === 'ok' && judgedAt !== undefined && judgedAt < tick.at && isContinuous(trigger, judgedAt, tick.at)
        ? [[fingerprint, judgedAt] as const]
        : [],
    ),
  );
  return evaluation.transitions.flatMap(({ to, alert: { fingerprint } }) => {
    const at = clearAt.get(fingerprint);
    return to === 'pending' && at !== undefined ? [{ fingerprint, clearAt: at }] : [];
  });
}

/**
 * The evaluation, with each onset moved back to the earliest of the closely spaced answers (`stepMs` apart, oldest
 * first) from which on every one breaches up to where the breach was known before. What is missing or unknown among
 * them ends the look back.
 */
export function refineOnsets(trigger: Trigger, evaluation: Evaluation, onsets: readonly Onset[], closeLook: readonly Observation[], stepMs: number, tick: Tick): Evaluation {
  const refined = new Map<string, Alert>();
  for (const { fingerprint, clearAt } of onsets) {
    const alert = evaluation.alerts.find((candidate) => candidate.fingerprint === fingerprint);
    if (alert === undefined) continue;
    const knownSince = alert.activeAt ?? tick.at;
    const breachingSince = closeLook
      .filter(({ at }) => at > clearAt && at < knownSince)
      .reduceRight((sinceAt, answer) => (sinceAt - answer.at <= 1.5 * stepMs && breaches(trigger, fingerprint, answer) ? answer.at : sinceAt), knownSince);
    // It is the time of the samples that counts: the newest may be older than the look.
    refined.set(fingerprint, begunAt(trigger, alert, breachingSince, alert.window.lastBreachAt ?? tick.at));
  }
  const alerts = evaluation.alerts.map((alert) => refined.get(alert.fingerprint) ?? alert);
  const transitions = evaluation.transitions.map((transition) => {
    const alert = refined.get(transition.alert.fingerprint) ?? transition.alert;
    return { ...transition, to: alert.state, alert };
  });
  return { ...evaluation, alerts, transitions, dueAt: nextDueAt(trigger, alerts, tick.at) };
}

function breaches(trigger: Trigger, fingerprint: string, answer: Observation): boolean {
  if (answer.kind === 'error') return false;
  const found = answer.series.find(({ labels }) => fingerprintOf(trigger.name, labels) === fingerprint);
  return found?.sample.kind === 'value' && verdictOn(trigger, 'pending', found.sample) === 'breach';
}

function begunAt(trigger: Trigger, alert: Alert, activeAt: number, at: number): Alert {
  const window = { ...alert.window, countedMs: at - activeAt };
  const begun = { ...alert, activeAt, window };
  return isFull(trigger, window) ? { ...begun, state: 'firing', firedAt: at } : begun;
}
