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
  /** Whether it says what was asked; by default with a decision. */
  readonly grounds?: boolean | undefined;
}

/**
 * What a message of an incident says, in the order in which a tired person asks for it: what, how bad, since when, what
 * was and is done; and then, where it tells of a decision or asks for a person, by what that is so.
 */
export function incidentFacts(incident: Incident, at: number, { rung, reason, decision, grounds = decision !== undefined }: FactsAbout): Facts {
  const [worst, ...others] = evidenceOfIncident(incident);
  const since = beganAt(incident);
  const facts: Facts[number][] = [['target', `${incident.target} (${incident.environment})`]];
  if (worst !== undefined) {
    facts.push(['alert', `${worst.trigger} (${worst.severity})${worst.summary === undefined ? '' : `: ${worst.summary}`}`]);
    const clear = incident.alerts.every((alert) => alert.clearedAt !== undefined);
    facts.push(['value', `${clear ? 'was ' : ''}${worst.value ?? 'unknown'}, condition ${worst.condition} ${worst.window}`.trimEnd()]);
  }
  if (others.length > 0) facts.push(['also', listed(others.map((evidence) => `${evidence.trigger}: ${alertHeadline(incident.target, evidence)}`))]);
  facts.push(['since', `${readableInstant(since)}, for ${readableSpan(since, at)}`]);
  const change = decision?.policy.find(({ about, objects }) => about === 'change' && !objects);
  if (change !== undefined) facts.push(['change', change.says]);
  if (rung !== undefined) facts.push(['level', rung.level === undefined ? rungText(rung) : `${rung.level}, ${levelNames[rung.level]}: plan ${rung.planId}`]);
  const done = doneText(incident);
  if (done !== undefined) facts.push(['done', done]);
  if (incident.acknowledged.length > 0) facts.push(['seen by', incident.acknowledged.map(({ by, at: seenAt }) => `${by}, ${readableInstant(seenAt)}`).join('\n')]);
  if (reason !== undefined) facts.push(['reason', reason]);
  if (decision !== undefined) facts.push(...decisionFacts(decision));
  if (worst !== undefined && grounds) {
    const samples = decision === undefined ? undefined : samplesText(worst);
    if (samples !== undefined) facts.push(['samples', samples]);
    facts.push(['query', worst.query]);
  }
  return facts;
}

/** What came of each rollback that has ended, a line each. */
export function doneText({ rungs }: Incident): string | undefined {
  const done = rungs.filter(({ outcome }) => outcome !== undefined).map(rungResult);
  return done.length === 0 ? undefined : done.join('\n');
}

/** By which rule, and whether the policy had anything against it. */
function decisionFacts({ kind, rules, policy }: Decision): Facts {
  // Where something else than the policy is the reason, that the policy has nothing against it only misleads.
  const allowed = kind === 'execute' || policy.some(({ objects }) => objects) ? policyText({ policy }) : undefined;
  return [
    ...(rules.length === 0 ? [] : [['rule', listed(rules.map(({ text }) => text))] as const]),
    ...(allowed === undefined ? [] : [['policy', allowed] as const]),
  ];
}

/** One line for each step: how it stands, what it changes, what went wrong. */
export function stepLines(steps: readonly RungStep[]): string {
  if (steps.every(({ status, skipped }) => status === 'waiting' && skipped === undefined)) return steps.map(({ name }, index) => `${index + 1}. ${name}`).join('\n');
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
