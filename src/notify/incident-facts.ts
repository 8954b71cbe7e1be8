import type { Decision } from '../decision/decision.js';
import { policyText, samplesText } from '../decision/grounds.js';
import { levelNames } from '../decision/ladder.js';
import type { Incident, Rung, RungStep } from '../incident/incident.js';
import { withoutClass } from '../rollback/failure-text.js';
import type { Level, Mode } from '../trigger/trigger.js';
import { alertHeadline, evidenceOfIncident } from './alert-headline.js';
import type { Message } from './message.js';
import { readableInstant, readableSpan } from './readable-time.js';

export type Facts = Message['facts'];

const MOST_ALERTS_LISTED = 5;

/** `level 3 (code)`. */
export function levelText(level: Level): string {
  return `level ${level} (${levelNames[level]})`;
}

/** A rung as people speak of it: its level, or its plan where it has none. */
export function rungText(rung: Pick<Rung, 'level' | 'planId' | 'undoes'>): string {
  const name = rung.level === undefined ? `plan ${rung.planId}` : levelText(rung.level);
  return rung.undoes === undefined ? name : `undo of ${name}`;
}

/** Whether anything that Belay did or would do for this incident was a dry run. */
export function isDryRun(incident: Incident): boolean {
  const mode: Mode = incident.rungs.at(-1)?.mode ?? incident.decisions.at(-1)?.mode ?? incident.mode;
  return mode === 'dry-run';
}

/** When the trouble began: with the first breach, or with the incident. */
export function beganAt({ alerts, openedAt }: Incident): number {
  return Math.min(openedAt, ...alerts.flatMap(({ evidence: { activeAt } }) => activeAt ?? []));
}

export interface FactsAbout {
  readonly rung?: Pick<Rung, 'level' | 'planId'> | undefined;
  readonly reason?: string | undefined;
  /** The one that the message tells of. */
  readonly decision?: Decision | undefined;
}

/** What every message of an incident says, in the order in which a tired person asks for it. */
export function incidentFacts(incident: Incident, at: number, { rung, reason, decision }: FactsAbout): Facts {
  const [worst, ...others] = evidenceOfIncident(incident);
  const facts: Facts[number][] = [['target', `${incident.target} (${incident.environment})`]];
  if (rung !== undefined) facts.push(['level', rung.level === undefined ? rungText(rung) : `${rung.level}, ${levelNames[rung.level]}: plan ${rung.planId}`]);
  if (reason !== undefined) facts.push(['reason', reason]);
  if (decision !== undefined) facts.push(...decisionFacts(decision));
  if (worst !== undefined) {
    facts.push(['alert', `${worst.trigger} (${worst.severity})${worst.summary === undefined ? '' : `: ${worst.summary}`}`]);
    const clear = incident.alerts.every((alert) => alert.clearedAt !== undefined);
    facts.push(['value', `${clear ? 'was ' : ''}${worst.value ?? 'unknown'}, condition ${worst.condition} ${worst.window}`.trimEnd()]);
    const samples = decision === undefined ? undefined : samplesText(worst);
    if (samples !== undefined) facts.push(['samples', samples]);
    facts.push(['query', worst.query]);
  }
  const since = beganAt(incident);
  facts.push(['since', `${readableInstant(since)}, for ${readableSpan(since, at)}`]);
  if (others.length > 0) facts.push(['also', listed(others.map((evidence) => `${evidence.trigger}: ${alertHeadline(incident.target, evidence)}`))]);
  const done = incident.rungs.filter((rung) => rung.outcome !== undefined).map(rungResult);
  if (done.length > 0) facts.push(['done', done.join('\n')]);
  if (incident.acknowledged.length > 0) facts.push(['seen by', incident.acknowledged.map(({ by, at: seenAt }) => `${by}, ${readableInstant(seenAt)}`).join('\n')]);
  return facts;
}

/** By which rule, whether the policy had anything against it, and how it stands to the last change. */
function decisionFacts({ kind, rules, policy }: Decision): Facts {
  // Where something else than the policy is the reason, that the policy has nothing against it only misleads.
  const allowed = kind === 'execute' || policy.some(({ objects }) => objects) ? policyText({ policy }) : undefined;
  const change = policy.find(({ about, objects }) => about === 'change' && !objects);
  return [
    ...(rules.length === 0 ? [] : [['rule', listed(rules.map(({ text }) => text))] as const]),
    ...(allowed === undefined ? [] : [['policy', allowed] as const]),
    ...(change === undefined ? [] : [['change', change.says] as const]),
  ];
}

/** One line for each step: how it stands, what it changes, what went wrong. */
export function stepLines(steps: readonly RungStep[]): string {
  return steps.map(({ name, status, description, error, alreadySo, skipped }) => {
    const state = status === 'would-have' ? 'would do' : status === 'success' ? (alreadySo === true ? 'was done already' : 'done') : status;
    const details = [skipped, description?.summary, status === 'success' || error === undefined ? undefined : withoutClass(error)].filter((detail) => detail !== undefined);
    return [`${state}: ${name}`, ...details].join(' — ');
  }).join('\n');
}

function rungResult(rung: Rung): string {
  const verdict = rung.verification?.result?.outcome;
  const by = rung.trigger === 'manual' ? ` (by hand, ${rung.by})` : '';
  return `${rungText(rung)}, plan ${rung.planId}${by}: ${rung.outcome ?? ''}${verdict === undefined || verdict === 'skipped' ? '' : `, ${verdict}`}${durationText(rung)}`;
}

/** ` (took 2m, estimated 1m, budget 1m)`, where the plan says how long it may take. */
function durationText({ startedAt, endedAt, estimatedMs, budgetMs, mode }: Rung): string {
  if (endedAt === undefined || mode !== 'enforce' || (estimatedMs === undefined && budgetMs === undefined)) return '';
  const allowed = [
    ...(estimatedMs === undefined ? [] : [`estimated ${readableSpan(0, estimatedMs)}`]),
    ...(budgetMs === undefined ? [] : [`budget ${readableSpan(0, budgetMs)}`]),
  ];
  return ` (took ${readableSpan(startedAt, endedAt)}, ${allowed.join(', ')})`;
}

function listed(lines: readonly string[]): string {
  const rest = lines.length - MOST_ALERTS_LISTED;
  return [...lines.slice(0, MOST_ALERTS_LISTED), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n');
}
