import { isOpen } from '../decision/approval.js';
import type { Decision, DecisionReason } from '../decision/decision.js';
import type { Incident, Rung } from '../incident/incident.js';
import { headlineOf } from './alert-headline.js';
import { incidentFacts, levelText, rungText } from './incident-facts.js';
import type { Message } from './message.js';
import { readableInstant } from './readable-time.js';

/** They say nothing that people do not know: other messages have told it, or tell it at once. */
const silentReasons: ReadonlySet<DecisionReason> = new Set(['rollback-in-progress', 'needs-human', 'already-tried']);

/**
 * The newest decision of an incident, where it tells something new. A decision that needs a person is silent here,
 * because the `needs-human` event that follows it tells the same and more.
 */
export function composeDecision(incident: Incident): readonly Message[] {
  const decision = incident.decisions.at(-1);
  if (decision === undefined || !isTold(decision) || isAboutToAsk(incident, decision)) return [];
  const told = incident.decisions.slice(0, -1).filter(isTold);
  const lastTold = told.at(-1);
  if (lastTold !== undefined && repeats(lastTold, decision)) return [];
  const rung = incident.rungs.at(-1);
  const result = rung?.verification?.result;
  const climbs = rung !== undefined && result?.outcome === 'not-recovered' && !told.some(({ at }) => at >= result.endedAt);
  const first = lastTold === undefined && incident.rungs.length === 0 && incident.needsHuman === undefined;
  const dryRun = decision.mode === 'dry-run';
  const what = climbs ? `not recovered by ${rungText(rung)}` : (headlineOf(incident.target, decision.evidence) ?? 'nothing fires any more');
  return [
    {
      kind: climbs ? 'not-recovered' : first ? 'firing' : 'decision',
      tone: decision.reason === 'recovered-before-action' ? 'neutral' : 'bad',
      incidentId: incident.id,
      target: incident.target,
      dryRun,
      title: `${incident.target}: ${what}, ${actionOf(decision)}`,
      text: [climbs ? result.explanation : undefined, decision.explanation].filter((sentence) => sentence !== undefined).join(' '),
      facts: [...incidentFacts(incident, decision.at, { rung: proposedRung(decision), reason: decision.reason, decision }), ...wouldDoFacts(decision)],
      next: nextOf(incident.target, decision),
    },
  ];
}

/** The question that follows tells the same and more. */
function isAboutToAsk({ approvals }: Incident, { kind, mode, planId }: Decision): boolean {
  if (mode !== 'enforce' || (kind !== 'await-approval' && kind !== 'schedule')) return false;
  return !approvals.some((approval) => isOpen(approval) && approval.planId === planId);
}

function isTold(decision: Decision): boolean {
  return !decision.needsHuman && !silentReasons.has(decision.reason);
}

/** The same verdict about no alert that has not been told of. */
function repeats(before: Decision, decision: Decision): boolean {
  const known = new Set(before.evidence.map(({ fingerprint }) => fingerprint));
  return before.kind === decision.kind && before.reason === decision.reason && before.planId === decision.planId && decision.evidence.every(({ fingerprint }) => known.has(fingerprint));
}

/** What a trigger that only monitors would have started. */
function wouldDoFacts({ wouldDo = [] }: Decision): Message['facts'] {
  return wouldDo.length === 0 ? [] : [['would do', wouldDo.map(({ step, summary }) => `${step} — ${summary}`).join('\n')]];
}

function proposedRung({ level, planId }: Decision): Pick<Rung, 'level' | 'planId'> | undefined {
  return planId === undefined ? undefined : { level, planId };
}

function actionOf(decision: Decision): string {
  const until = decision.until === undefined ? '' : ` until ${readableInstant(decision.until)}`;
  if (decision.kind === 'execute') {
    const what = decision.level === undefined ? `plan ${decision.planId ?? ''}` : levelText(decision.level);
    return decision.mode === 'dry-run' ? `would roll back ${what}` : `rolling back ${what}`;
  }
  switch (decision.reason) {
    case 'scheduled':
      return `${decision.mode === 'dry-run' ? 'would roll back' : 'rolls back'} ${decision.level === undefined ? '' : `${levelText(decision.level)} `}at ${readableInstant(decision.until ?? decision.at)} unless it recovers`;
    case 'monitor-only':
      return 'monitored only, nothing is rolled back';
    case 'observe-mode':
      return 'observe mode, nothing is rolled back';
    case 'fix-forward':
      return 'to be fixed forward, nothing is rolled back';
    case 'no-matrix-row':
      return 'no rule asks for a rollback';
    case 'paused':
      return `rollbacks are paused${until}`;
    case 'cooldown':
      return `not rolled back, cooldown${until}`;
    case 'fleet-busy':
      return "waiting for another target's rollback";
    case 'recovered-before-action':
      return 'cleared just before step 1, not rolled back';
    case 'blind':
      return 'not rolled back, because the source gives no answer';
    case 'unconfirmed':
      return 'not rolled back, because nobody can be asked about it';
    case 'sustained-breach':
    case 'not-recovered':
    case 'no-plan':
    case 'ladder-exhausted':
    case 'above-max-auto-level':
    case 'approval-required':
    case 'budget-exhausted':
    case 'fleet-limit':
    case 'flapping':
    case 'frozen':
    case 'no-change':
    case 'breach-before-change':
    case 'no-rollback-point':
    case 'already-running':
    case 'version-rolled-back':
    case 'rollback-in-progress':
    case 'needs-human':
    case 'already-tried':
      return `nothing is rolled back (${decision.reason})`;
    default:
      throw new TypeError(`unknown reason ${String(decision.reason satisfies never)}`);
  }
}

function nextOf(target: string, decision: Decision): string {
  const byHand = decision.planId === undefined ? '' : `\nTo act now: belay rollback ${decision.planId} --reason "…"`;
  if (decision.kind === 'execute') {
    const { level, ladder } = decision;
    const further = level !== undefined && ladder !== undefined && ladder.to > level ? ` If that does not help, the ladder goes on, up to ${levelText(ladder.to)}.` : '';
    return decision.mode === 'dry-run'
      ? 'Each step is looked at and described; nothing is changed.'
      : `Plan ${decision.planId ?? ''} starts now, and then recovery is verified.${further}`;
  }
  switch (decision.reason) {
    case 'scheduled':
      return `Plan ${decision.planId ?? ''} starts at ${readableInstant(decision.until ?? decision.at)}; a recovery before then cancels it.\nTo hold it back: belay pause --target ${target} --reason "…"${byHand}`;
    case 'paused':
      return (decision.until === undefined ? `Nothing starts by itself until the pause is lifted: belay resume --target ${target}` : 'Belay decides again when the pause ends.') + byHand;
    case 'cooldown':
      return `Belay decides again when the cooldown ends, if it still fires.${byHand}`;
    case 'fleet-busy':
      return 'Belay decides again when the other rollback has ended.';
    case 'blind':
      return 'Belay decides again as soon as the source answers.';
    default:
      return `Belay keeps watching and tells when it recovers.${byHand}`;
  }
}
