import type { Labels, Observation, Sample } from '../source/sample.js';
import { advanceAlert, isKnown, newAlert, verdictOn, type Verdict } from './advance-alert.js';
import type { Alert, AlertTransition } from './alert.js';
import { alertLabels, fingerprintOf } from './fingerprint.js';
import type { Trigger } from './trigger.js';
import { advanceTriggerHealth, healthBeforeFirstAnswer, type TriggerHealth } from './trigger-health.js';
import { isContinuous, lastsAt, type TickKind } from './window.js';

/** The alerts that one trigger may have. A query that gives more series than that was not meant so. */
export const DEFAULT_MAX_ALERTS = 100;

/** One step of a trigger's loop; `at`, milliseconds since the epoch, is what the source was asked about. */
export interface Tick {
  readonly kind: TickKind;
  readonly at: number;
}

export interface Evaluation {
  readonly alerts: readonly Alert[];
  /** In the order in which they happened. */
  readonly transitions: readonly AlertTransition[];
  readonly health: TriggerHealth;
  /** When the next pending `for` will be full if its breach goes on; always later than the tick. */
  readonly dueAt?: number | undefined;
}

/**
 * One answer of the source, applied to all alerts of one trigger: each series has its own; a known one that is missing
 * from the answer is `no-data`, and an error is an error for each. An inactive alert is forgotten with its series.
 *
 * Where what is unknown counts as a breach and no series is known, one alert without labels stands in for them all, until
 * the first series is seen.
 */
export function evaluateTrigger(
  trigger: Trigger,
  alerts: readonly Alert[],
  observation: Observation,
  tick: Tick,
  previousHealth: TriggerHealth = healthBeforeFirstAnswer,
): Evaluation {
  const answer = trustedAnswer(trigger, observation, tick.at);
  const series = seriesByFingerprint(trigger, answer);
  const known = new Set(alerts.map((alert) => alert.fingerprint));
  const newAlerts = [...series]
    .filter(([fingerprint]) => !known.has(fingerprint))
    .map(([fingerprint, { labels }]) => newAlert(trigger, alertLabels(labels, trigger.labels), fingerprint));

  const missing = missingSample(answer);
  const standIns = alerts.length === 0 && series.size === 0 && verdictOn(trigger, 'inactive', missing) === 'breach' ? [newAlert(trigger, alertLabels({}, trigger.labels), fingerprintOf(trigger.name, {}))] : [];
  const moves = [...alerts, ...newAlerts, ...standIns].map((before) => ({
    before,
    after: advanceAlert(isRelieved(trigger, before.fingerprint, series) ? { ...trigger, onNoData: 'reset' } : trigger, before, series.get(before.fingerprint)?.sample ?? missing, tick.kind),
  }));
  const isGone = (alert: Alert): boolean => answer.kind === 'vector' && alert.state === 'inactive' && !series.has(alert.fingerprint);
  const remaining = withinCap(trigger, moves.map(({ after }) => after).filter((alert) => !isGone(alert)));
  return {
    alerts: remaining,
    transitions: moves.flatMap(({ before, after }) =>
      before.state === after.state ? [] : [{ from: before.state, to: after.state, at: after.lastSample?.at ?? tick.at, alert: after }],
    ),
    health: advanceTriggerHealth(previousHealth, answer),
    dueAt: nextDueAt(trigger, remaining, tick.at),
  };
}

/** What a fresh answer says of alerts, with the trigger's own policy for what is unknown. `unconfirmable`: there is nobody to ask. */
export type Recheck = 'breaching' | 'clear' | 'unknown' | 'unconfirmable';
const recheckOf = { breach: 'breaching', clear: 'clear', freeze: 'unknown', restart: 'unknown' } as const satisfies Record<Verdict, Recheck>;

export interface Rechecked {
  readonly verdicts: ReadonlyMap<string, Recheck>;
  /** Of each alert the instant of the newest value that was ever known. */
  readonly newestAt: ReadonlyMap<string, number>;
}

/**
 * One answer of the source held against some alerts, outside of their windows and without moving them. A value from
 * before one that is known already, by a look or by a question before this one (`newestBefore`), says nothing about now.
 */
export function recheckAlerts(trigger: Trigger, alerts: readonly Alert[], observation: Observation, askedAt: number, fingerprints: readonly string[], newestBefore: ReadonlyMap<string, number> = new Map()): Rechecked {
  const answer = trustedAnswer(trigger, observation, askedAt);
  const series = seriesByFingerprint(trigger, answer);
  const judged = fingerprints.map((fingerprint): readonly [fingerprint: string, verdict: Recheck, newestAt: number] => {
    const { state = 'inactive', lastValue } = alerts.find((alert) => alert.fingerprint === fingerprint) ?? {};
    // What lies ahead is from before the clock was set back.
    const knownAt = Math.max(...[lastValue?.at, newestBefore.get(fingerprint)].map((at = -Infinity) => (at > askedAt ? -Infinity : at)));
    if (isRelieved(trigger, fingerprint, series)) return [fingerprint, 'clear', knownAt];
    const sample = series.get(fingerprint)?.sample ?? missingSample(answer);
    if (sample.kind === 'no-data' && sample.reason === 'unconfirmable') return [fingerprint, 'unconfirmable', knownAt];
    if (!isKnown(sample)) return [fingerprint, recheckOf[verdictOn(trigger, state, sample)], knownAt];
    return sample.at < knownAt ? [fingerprint, 'unknown', knownAt] : [fingerprint, recheckOf[verdictOn(trigger, state, sample)], sample.at];
  });
  return { verdicts: new Map(judged.map(([fingerprint, verdict]) => [fingerprint, verdict])), newestAt: new Map(judged.map(([fingerprint, , at]) => [fingerprint, at])) };
}

/** When the first of the pending alerts falls due after `afterAt`. */
export function nextDueAt(trigger: Trigger, alerts: readonly Alert[], afterAt: number): number | undefined {
  const instants = alerts.flatMap(({ state, window }) => (state === 'pending' ? (lastsAt(trigger, window) ?? []) : []));
  const later = instants.filter((at) => at > afterAt);
  return later.length === 0 ? undefined : Math.min(...later);
}

/** The answer, as far as it can be believed: not too many series, and none from another time than was asked about. */
function trustedAnswer(trigger: Trigger, observation: Observation, askedAt: number): Observation {
  if (observation.kind === 'error') return { ...observation, at: askedAt };
  const { series } = observation;
  const maxAlerts = maxAlertsOf(trigger);
  if (series.length > maxAlerts) {
    const message = `the query gives ${series.length} series, and the trigger may have ${maxAlerts} alerts at most: aggregate it, select less, or raise maxAlerts`;
    return { kind: 'error', at: askedAt, reason: 'bad-answer', message };
  }
  return {
    ...observation,
    at: askedAt,
    series: series.map(({ labels, sample }) => ({
      labels,
      sample: isContinuous(trigger, sample.at, askedAt) ? sample : ({ kind: 'stale', at: askedAt } as const),
    })),
  };
}

function seriesByFingerprint(trigger: Trigger, answer: Observation): ReadonlyMap<string, { labels: Labels; sample: Sample }> {
  const byFingerprint = new Map<string, { labels: Labels; sample: Sample }>();
  if (answer.kind === 'error') return byFingerprint;
  for (const { labels, sample } of answer.series) {
    const fingerprint = fingerprintOf(trigger.name, labels);
    const twice: Sample = { kind: 'error', at: answer.at, reason: 'bad-answer', message: 'the answer holds two series with the same labels' };
    byFingerprint.set(fingerprint, { labels, sample: byFingerprint.has(fingerprint) ? twice : sample });
  }
  return byFingerprint;
}

/** Whether an alert has stood in for series of which none was seen, and there are some now. Where silence is no breach, nothing stands in. */
function isRelieved({ name, onNoData, onError }: Trigger, fingerprint: string, series: ReadonlyMap<string, unknown>): boolean {
  return (onNoData === 'breach' || onError === 'breach') && series.size > 0 && !series.has(fingerprint) && fingerprint === fingerprintOf(name, {});
}

/** What an answer says of a series that it does not hold. */
function missingSample(answer: Observation): Sample {
  return answer.kind === 'error' ? answer : { kind: 'no-data', at: answer.at, reason: 'empty' };
}

/** Alerts that are held though their series is gone must not pile up: those that were judged longest ago are let go. */
function withinCap(trigger: Trigger, alerts: readonly Alert[]): readonly Alert[] {
  const maxAlerts = maxAlertsOf(trigger);
  if (alerts.length <= maxAlerts) return alerts;
  return alerts.toSorted((a, b) => (b.window.judgedAt ?? 0) - (a.window.judgedAt ?? 0)).slice(0, maxAlerts);
}

function maxAlertsOf({ maxAlerts = DEFAULT_MAX_ALERTS }: Trigger): number {
  return maxAlerts;
}
