import { levelNames } from '../decision/ladder.js';
import type { DrillEvent, DrillOutcome } from '../incident/drill-event.js';
import type { Incident } from '../incident/incident.js';
import type { Level } from '../trigger/trigger.js';
import type { DeployedChange } from './incident-timeline.js';
import { incidentTimes } from './incident-times.js';

/** How often and how fast, over some incidents. Durations in milliseconds; a median is absent where nothing was measured. */
export interface PeriodFigures {
  readonly incidents: number;
  /** Incidents in which a plan really ran. */
  readonly rolledBack: number;
  readonly recovered: number;
  readonly neededPerson: number;
  /** Incidents that fired and were over by themselves, with nothing done: the trigger was too sharp, or the service too lively. */
  readonly falseAlarms: number;
  /** Incidents in which plans were walked and nothing was changed. */
  readonly dryRuns: number;
  /** All downtime together; absent where none is known. */
  readonly downtimeMs?: number | undefined;
  readonly detectionMs?: number | undefined;
  readonly decisionMs?: number | undefined;
  readonly rollbackMs?: number | undefined;
  /** DORA's time to restore: the median downtime of what was rolled back. */
  readonly restoreMs?: number | undefined;
}

export interface PeriodReport {
  readonly fromAt: number;
  readonly toAt: number;
  /** Incidents that ended before it are no longer kept; absent where the whole period is. */
  readonly dataFromAt?: number | undefined;
  readonly all: PeriodFigures;
  readonly byTarget: Readonly<Record<string, PeriodFigures>>;
  /** By the highest level that really ran, such as `level 3 (code)`. */
  readonly byLevel: Readonly<Record<string, PeriodFigures>>;
  readonly deployments: number;
  /** Those that were followed, before the next one, by a real rollback. */
  readonly failedDeployments: number;
  /** DORA's change failure rate: their share. Absent without deployments. */
  readonly changeFailureRate?: number | undefined;
  readonly drills: PeriodDrills;
}

/** How what may be needed was practised. */
export interface PeriodDrills {
  readonly passed: number;
  readonly failed: number;
  /** Cut off by something real, by a person, or by Belay's own death. */
  readonly cutOff: number;
  readonly skipped: number;
  /** Each with the drill that found it: `plan checkout-flag-off: documented 3m, took 7m`. */
  readonly gaps: readonly string[];
}

/**
 * What happened from `fromAt` to `toAt`, milliseconds since the epoch. Dry runs count as incidents, and roll nothing back.
 * `removedBefore`: incidents that ended before it are no longer kept.
 */
export function periodReport(incidents: readonly Incident[], deploys: readonly (DeployedChange & { readonly target: string })[], fromAt: number, toAt: number, drills: readonly DrillEvent[] = [], removedBefore = -Infinity): PeriodReport {
  const opened = incidents.filter(({ openedAt }) => openedAt >= fromAt && openedAt < toAt);
  const made = deploys.filter(({ at }) => at >= fromAt && at < toAt);
  const failed = made.filter((deploy) => opened.some((incident) => incident.target === deploy.target && wasRolledBack(incident) && isDueTo(incident, deploy, deploys)));
  return {
    fromAt,
    toAt,
    dataFromAt: removedBefore > fromAt ? removedBefore : undefined,
    all: figuresOf(opened),
    byTarget: grouped(opened, ({ target }) => target),
    byLevel: grouped(opened.filter(wasRolledBack), (incident) => {
      const level = highestLevel(incident);
      return level === undefined ? 'without a level' : `level ${level} (${levelNames[level]})`;
    }),
    deployments: made.length,
    failedDeployments: failed.length,
    changeFailureRate: made.length === 0 ? undefined : failed.length / made.length,
    drills: drillFigures(drills.filter(({ at }) => at >= fromAt && at < toAt)),
  };
}

function drillFigures(events: readonly DrillEvent[]): PeriodDrills {
  const ended = events.filter((event) => event.type === 'drill-ended');
  const count = (...outcomes: readonly DrillOutcome[]): number => ended.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    cutOff: count('cancelled', 'interrupted'),
    skipped: events.filter(({ type }) => type === 'drill-skipped').length,
    gaps: ended.flatMap(({ drill: { kind, name }, gaps, outcome, explanation }) => (gaps.length === 0 && outcome === 'failed' ? [explanation] : gaps).map((gap) => `${kind} ${name}: ${gap}`)),
  };
}

/** Whether the deployment is the last one of its target before the trouble began. */
function isDueTo(incident: Incident, deploy: DeployedChange & { readonly target: string }, deploys: readonly (DeployedChange & { readonly target: string })[]): boolean {
  const { beganAt } = incidentTimes(incident);
  if (deploy.at > beganAt) return false;
  return !deploys.some((other) => other.target === deploy.target && other.at > deploy.at && other.at <= beganAt);
}

function figuresOf(incidents: readonly Incident[]): PeriodFigures {
  const times = incidents.map(incidentTimes);
  const rolledBack = incidents.filter(wasRolledBack);
  return {
    incidents: incidents.length,
    rolledBack: rolledBack.length,
    recovered: incidents.filter(({ status }) => status === 'recovered').length,
    neededPerson: incidents.filter((incident) => incident.status === 'needs-human' || incident.status === 'closed' || incident.needsHuman !== undefined).length,
    falseAlarms: incidents.filter(({ resolution, rungs }) => resolution?.how === 'by-itself' && rungs.every(({ begun }) => !begun)).length,
    dryRuns: incidents.filter(({ rungs }) => rungs.some(({ begun }) => begun) && rungs.every(({ mode }) => mode !== 'enforce')).length,
    downtimeMs: sum(times.flatMap(({ downtimeMs }) => downtimeMs ?? [])),
    detectionMs: median(times.flatMap(({ detectionMs }) => detectionMs ?? [])),
    decisionMs: median(times.flatMap(({ decisionMs }) => decisionMs ?? [])),
    rollbackMs: median(times.flatMap(({ rollbackMs }) => rollbackMs ?? [])),
    restoreMs: median(rolledBack.flatMap((incident) => incidentTimes(incident).downtimeMs ?? [])),
  };
}

function grouped(incidents: readonly Incident[], nameOf: (incident: Incident) => string): Readonly<Record<string, PeriodFigures>> {
  const names = [...new Set(incidents.map(nameOf))].sort();
  return Object.fromEntries(names.map((name) => [name, figuresOf(incidents.filter((incident) => nameOf(incident) === name))]));
}

function wasRolledBack({ rungs }: Incident): boolean {
  return rungs.some(({ mode, begun }) => mode === 'enforce' && begun);
}

function highestLevel({ rungs }: Incident): Level | undefined {
  const levels = rungs.flatMap(({ mode, begun, level }) => (mode === 'enforce' && begun && level !== undefined ? [level] : []));
  return levels.length === 0 ? undefined : (Math.max(...levels) as Level);
}

function sum(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
}

/** The middle value, the mean of the two middle ones where there is none. */
function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle];
  if (high === undefined) return undefined;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
