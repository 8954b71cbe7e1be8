import type { Decision } from '../decision/decision.js';
import { decisionGrounds } from '../decision/grounds.js';
import { levelNames } from '../decision/ladder.js';
import type { Target } from '../decision/target.js';
import type { Incident, Rung } from '../incident/incident.js';
import type { Plot } from '../plot/plot.js';
import { severities, type Severity } from '../trigger/trigger.js';
import type { CustomersTold } from './customers-told.js';
import { durationText } from './duration-text.js';
import { incidentTimes, type IncidentTimes } from './incident-times.js';
import { incidentTimeline, type DeployedChange, type TimelineEntry } from './incident-timeline.js';

/** What was measured of the damage, in words. `value` is absent where it could not be measured; `problem` says why. */
export interface MeasuredImpact {
  readonly name: string;
  readonly value?: number | undefined;
  readonly problem?: string | undefined;
}

/** What a report is made of, beside the incident itself. */
export interface ReportSurroundings {
  /** As the files declare it now; absent when they do not any more. */
  readonly target?: Target | undefined;
  readonly lastDeploy?: DeployedChange | undefined;
  readonly impact: readonly MeasuredImpact[];
  readonly plots: readonly Plot[];
  readonly customers: CustomersTold;
}

/** One plan that was run. Durations in milliseconds. */
export interface ReportedRollback {
  readonly plan: string;
  /** `level 3 (code)`; absent for a plan without a level. */
  readonly level?: string | undefined;
  readonly dryRun: boolean;
  readonly by: string;
  readonly outcome: string;
  readonly tookMs?: number | undefined;
  /** How long its steps may take: the plan's own, or what its level allows. */
  readonly budgetMs?: number | undefined;
  readonly verification?: string | undefined;
  readonly steps: readonly { readonly name: string; readonly status: string; readonly tookMs?: number | undefined; readonly change?: string | undefined; readonly error?: string | undefined }[];
}

/** All that a report of one incident says, apart from what people write into it. Instants in milliseconds since the epoch. */
export interface IncidentReport {
  readonly id: string;
  readonly target: string;
  readonly environment: string;
  readonly owners: readonly string[];
  readonly severity?: Severity | undefined;
  readonly status: Incident['status'];
  readonly dryRun: boolean;
  readonly summary: string;
  readonly timeline: readonly TimelineEntry[];
  readonly times: IncidentTimes;
  /** The target's own goals, in milliseconds, and whether they were kept; absent where none is declared. */
  readonly objectives: { readonly rtoMs?: number | undefined; readonly rtoKept?: boolean | undefined; readonly rpoMs?: number | undefined };
  readonly impact: readonly MeasuredImpact[];
  readonly alerts: readonly { readonly trigger: string; readonly severity: Severity; readonly value: string; readonly condition: string; readonly query: string; readonly firedAt: number; readonly clearedAt?: number | undefined }[];
  /** `grounds`: samples, rules, policy and alternatives, a line each. */
  readonly decisions: readonly (Pick<Decision, 'at' | 'kind' | 'reason' | 'explanation'> & { readonly grounds: readonly string[] })[];
  readonly rollbacks: readonly ReportedRollback[];
  readonly actions: { readonly types: readonly string[]; readonly database: boolean; readonly restoration: boolean };
  readonly customers: CustomersTold;
  readonly plots: readonly Plot[];
}

export function incidentReport(incident: Incident, surroundings: ReportSurroundings): IncidentReport {
  const { target, lastDeploy, impact, plots, customers } = surroundings;
  const times = incidentTimes(incident);
  const seen = new Set(incident.alerts.map(({ evidence }) => evidence.severity));
  return {
    id: incident.id,
    target: incident.target,
    environment: incident.environment,
    owners: target?.owners ?? [],
    severity: severities.find((severity) => seen.has(severity)),
    status: incident.status,
    dryRun: incident.rungs.length > 0 && incident.rungs.every(({ mode }) => mode !== 'enforce'),
    summary: summaryOf(incident, times, target?.rtoMs),
    timeline: incidentTimeline(incident, lastDeploy, customers.messages),
    times,
    objectives: { rtoMs: target?.rtoMs, rtoKept: target?.rtoMs === undefined || times.downtimeMs === undefined ? undefined : times.downtimeMs <= target.rtoMs, rpoMs: target?.rpoMs },
    impact,
    alerts: incident.alerts.map(({ evidence, firedAt, clearedAt }) => ({
      trigger: evidence.trigger,
      severity: evidence.severity,
      value: evidence.value ?? 'unknown',
      condition: `${evidence.condition} ${evidence.window}`.trimEnd(),
      query: evidence.query,
      firedAt,
      clearedAt,
    })),
    decisions: incident.decisions.map((decision) => {
      const { at, kind, reason, explanation } = decision;
      return { at, kind, reason, explanation, grounds: decisionGrounds(decision) };
    }),
    rollbacks: incident.rungs.map(reportedRollback),
    actions: actionsOf(incident),
    customers,
    plots,
  };
}

function summaryOf({ target, alerts, rungs, resolution, needsHuman }: Incident, { downtimeMs }: IncidentTimes, rtoMs: number | undefined): string {
  const [first] = alerts;
  const began = first === undefined ? `${target} was rolled back by hand.` : `${first.evidence.trigger} of ${target} fired at ${first.evidence.value ?? 'an unknown value'} (${`${first.evidence.condition} ${first.evidence.window}`.trimEnd()}).`;
  const done = rungs.filter(({ begun }) => begun).map(rungText);
  const lasted = downtimeMs === undefined ? [] : [`The trouble lasted ${durationText(downtimeMs)}${rtoMs === undefined ? '' : `; the goal (RTO) was ${durationText(rtoMs)}`}.`];
  const ended = resolution?.explanation ?? (needsHuman === undefined ? 'It is not over yet.' : `It waits for a person: ${needsHuman.explanation}`);
  return [began, ...(done.length === 0 ? ['Nothing was rolled back.'] : done), ...lasted, ended].join(' ');
}

/** `Plan checkout-flag-off (level 1, feature flag) was carried out, and did not bring recovery.` */
function rungText({ planId, level, mode, outcome, verification }: Rung): string {
  const plan = `Plan ${planId}${level === undefined ? '' : ` (level ${level}, ${levelNames[level]})`}`;
  if (mode !== 'enforce') return `${plan} would have been carried out (dry run).`;
  const done = outcome === undefined ? 'is under way' : outcome === 'success' ? 'was carried out' : outcome === 'failed' ? 'failed' : `ended as ${outcome}`;
  const verdict = verification?.result?.outcome;
  return `${plan} ${done}${verdict === undefined || verdict === 'skipped' ? '' : `, and ${proofs[verdict]}`}.`;
}

const proofs = {
  recovered: 'recovery was proved',
  'not-recovered': 'did not bring recovery',
  inconclusive: 'whether it helped was not clear',
  error: 'whether it helped could not be looked at',
} as const;

function reportedRollback(rung: Rung): ReportedRollback {
  const { planId, level, mode, trigger, by, startedAt, endedAt, outcome, verification, steps, budgetMs } = rung;
  return {
    plan: planId,
    level: level === undefined ? undefined : `level ${level} (${levelNames[level]})`,
    dryRun: mode !== 'enforce',
    by: trigger === 'manual' ? `${by}, by hand` : by,
    outcome: outcome ?? 'under way',
    tookMs: spanMs(startedAt, endedAt),
    budgetMs,
    verification: verification?.result === undefined ? undefined : `${verification.result.outcome}. ${verification.result.explanation}`,
    steps: steps.map((step) => ({ name: step.name, status: step.status, tookMs: spanMs(step.startedAt, step.endedAt), change: step.description?.summary, error: step.error })),
  };
}

/** What the rollbacks that really ran touched. */
function actionsOf({ rungs }: Incident): IncidentReport['actions'] {
  const real = rungs.filter(({ mode, begun }) => mode === 'enforce' && begun);
  const done = real.flatMap(({ steps }) => steps.filter(({ status }) => status === 'success'));
  const levels = [...new Set(real.flatMap(({ level }) => level ?? []))].sort((a, b) => a - b);
  return {
    types: levels.map((level) => levelNames[level]),
    database: done.some(({ type }) => type === 'data') || levels.includes(4),
    restoration: done.some(({ type }) => type === 'data'),
  };
}

function spanMs(fromAt: number | undefined, toAt: number | undefined): number | undefined {
  return fromAt === undefined || toAt === undefined ? undefined : Math.max(0, toAt - fromAt);
}
