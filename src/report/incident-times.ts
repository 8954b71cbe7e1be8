import type { Incident } from '../incident/incident.js';

/**
 * How long each part of an incident took, in milliseconds; absent where it has not happened. The trouble begins with
 * the first breaching sample, and is over once every alert is clear: not when people are told.
 */
export interface IncidentTimes {
  readonly beganAt: number;
  readonly detectedAt?: number | undefined;
  readonly decidedAt?: number | undefined;
  readonly initiatedAt?: number | undefined;
  readonly completedAt?: number | undefined;
  readonly overAt?: number | undefined;
  readonly verifiedAt?: number | undefined;
  /** From the first breaching sample to the firing: what the window takes, and what the source adds. */
  readonly detectionMs?: number | undefined;
  /** From the firing to the decision to act. */
  readonly decisionMs?: number | undefined;
  /** From the first step of the first plan to the end of the last. */
  readonly rollbackMs?: number | undefined;
  /** From the first breaching sample until every alert was clear. */
  readonly downtimeMs?: number | undefined;
}

export function incidentTimes(incident: Incident): IncidentTimes {
  const { alerts, rungs, decisions, openedAt, status, endedAt } = incident;
  const beganAt = least([openedAt, ...alerts.flatMap(({ evidence }) => evidence.activeAt ?? [])]) ?? openedAt;
  const detectedAt = least(alerts.map(({ firedAt }) => firedAt));
  const decidedAt = least(decisions.filter(({ kind }) => kind === 'execute').map(({ at }) => at));
  const run = rungs.filter(({ begun }) => begun);
  const initiatedAt = least(run.map(({ startedAt }) => startedAt));
  const completedAt = run.length > 0 && run.every((rung) => rung.endedAt !== undefined) ? greatest(run.flatMap((rung) => rung.endedAt ?? [])) : undefined;
  const allClear = alerts.length > 0 && alerts.every(({ clearedAt }) => clearedAt !== undefined);
  const overAt = allClear ? greatest(alerts.flatMap(({ clearedAt }) => clearedAt ?? [])) : undefined;
  return {
    beganAt,
    detectedAt,
    decidedAt,
    initiatedAt,
    completedAt,
    overAt,
    verifiedAt: status === 'recovered' ? endedAt : undefined,
    detectionMs: between(beganAt, detectedAt),
    decisionMs: between(detectedAt, decidedAt),
    rollbackMs: between(initiatedAt, completedAt),
    downtimeMs: between(beganAt, overAt),
  };
}

function between(fromAt: number | undefined, toAt: number | undefined): number | undefined {
  // A clock that was set back must not make a time negative.
  return fromAt === undefined || toAt === undefined ? undefined : Math.max(0, toAt - fromAt);
}

function least(instants: readonly number[]): number | undefined {
  return instants.length === 0 ? undefined : Math.min(...instants);
}

function greatest(instants: readonly number[]): number | undefined {
  return instants.length === 0 ? undefined : Math.max(...instants);
}
