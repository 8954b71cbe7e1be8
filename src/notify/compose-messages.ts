import { applyToIncident, foldIncident, type Incident } from '../incident/incident.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import { composeAcknowledged, composeApprovalAnswered, composeApprovalExpired, composeApprovalRequested, composeApprovalVoided, openQuestions } from './compose-approval.js';
import { composeDecision } from './compose-decision.js';
import { composeDrill } from './compose-drill.js';
import { composeEscalation } from './compose-escalation.js';
import { composeGuard } from './compose-guard.js';
import { composeClosed, composeNeedsHuman, composeRecovered, composeReport } from './compose-outcome.js';
import { composeRepeatedVerification, composeRollback, composeVerificationStarted, type RunInView } from './compose-rollback.js';
import { incidentFacts } from './incident-facts.js';
import { reachOf } from './incident-reach.js';
import { markedTitle } from './marked-title.js';
import type { Message } from './message.js';
import { placeholderValues } from './placeholder-values.js';
import { defaultWording, worded, type Wording } from './wording.js';

/**
 * What one journal line tells people; most lines tell nothing, because a message that follows says more. `past`: the
 * journal up to and including the line itself, of its incident or, for a rollback without one, of its execution. Pure:
 * the same line gives the same messages whenever it is composed.
 */
export function composeMessages({ event }: JournalEntry, past: readonly JournalEntry[], wording: Wording = defaultWording): readonly Message[] {
  const messages = compose(event, past);
  const incident = messages.length === 0 ? undefined : foldIncident(past);
  const questions = incident === undefined ? [] : openQuestions(incident);
  const reach = incident === undefined ? {} : reachOf(incident);
  const rung = incident?.rungs.find(({ executionId }) => 'executionId' in event && event.executionId === executionId) ?? incident?.rungs.at(-1);
  const say = (message: Message): Message => {
    const whole: Message = message.incidentId === undefined ? message : { ...message, facts: [...message.facts, ['incident', message.incidentId]] };
    return worded(whole, placeholderValues(whole, event.at, incident, rung), wording);
  };
  return messages.map(say).map((message) => ({
    ...message,
    ...(message.incidentId === undefined ? {} : reach),
    ...(questions.length === 0 || message.incidentId === undefined ? {} : { questions }),
    title: oneLine(markedTitle(message)),
  }));
}

function compose(event: JournalEvent, past: readonly JournalEntry[]): readonly Message[] {
  switch (event.type) {
    case 'decision-made':
      return ofIncident(past, composeDecision);
    case 'needs-human':
      return ofIncident(past, (incident) => [composeNeedsHuman(incident, event)]);
    case 'approval-requested':
      return ofIncident(past, (incident) => composeApprovalRequested(incident, event));
    case 'approval-answered':
      return ofIncident(past, (incident) => composeApprovalAnswered(incident, event));
    case 'approval-expired':
      return ofIncident(past, (incident) => composeApprovalExpired(incident, event));
    case 'approval-voided':
      return ofIncident(past, (incident) => composeApprovalVoided(incident, event));
    case 'incident-acknowledged':
      return ofIncident(past, (incident) => [composeAcknowledged(incident, event)]);
    case 'incident-escalated':
      return ofIncident(past, (incident) => [composeEscalation(incident, event)]);
    case 'incident-recovered':
      return ofIncident(past, (incident) => [composeRecovered(incident, event)]);
    case 'incident-closed':
      return ofIncident(past, (incident) => [composeClosed(incident, event)]);
    case 'report-written':
      return ofIncident(past, (incident) => [composeReport(incident, event)]);
    case 'verification-started':
      // After a restart it begins anew, which is no news: a daemon that crashes in a loop must not flood people.
      if (past.filter((entry) => entry.event.type === event.type && entry.event.executionId === event.executionId).length > 1) return [];
      return ofRun(past, event.executionId, event.at, (run) => [composeVerificationStarted(run, event)]);
    case 'verification-repeated':
      return ofRun(past, event.executionId, event.at, (run) => [composeRepeatedVerification(run, event)]);
    case 'rollback-started':
    case 'attempt-settled-late':
    case 'cancel-requested':
    case 'rollback-resumed':
    case 'rollback-ended':
    case 'step-attempt-started':
    case 'step-attempt-failed':
    case 'step-succeeded':
    case 'step-described':
    case 'step-failed':
    case 'step-parked':
    case 'step-skipped':
    case 'rollback-over-budget':
      // A drill is told as a whole, at its end.
      return event.isDrill === true ? [] : ofRun(past, event.executionId, event.at, (run) => composeRollback(run, event));
    case 'incident-opened':
    case 'alert-fired':
    case 'alert-cleared':
    case 'rung-started':
    case 'needs-human-lifted':
    case 'verification-ended':
      return [];
    case 'daemon-started':
    case 'daemon-stopped':
    case 'channel-dead':
    case 'channel-back':
    case 'silence-created':
    case 'silence-removed':
    case 'silence-failed':
    case 'source-blind':
    case 'source-seeing':
    case 'paused':
    case 'resumed':
    case 'budget-reset':
    case 'change-marked':
    case 'journal-compacted':
    case 'configuration-reloaded':
    case 'configuration-refused':
      return composeGuard(event);
    case 'drill-announced':
    case 'drill-started':
    case 'drill-ended':
    case 'drill-skipped':
      return composeDrill(event);
    default:
      throw new TypeError(`unknown journal event ${JSON.stringify(event satisfies never)}`);
  }
}

function ofIncident(past: readonly JournalEntry[], tell: (incident: Incident) => readonly Message[]): readonly Message[] {
  const incident = foldIncident(past);
  return incident === undefined ? [] : tell(incident);
}

function ofRun(past: readonly JournalEntry[], executionId: string, at: number, tell: (run: RunInView) => readonly Message[]): readonly Message[] {
  const incident = foldIncident(past);
  const rung = incident?.rungs.find((candidate) => candidate.executionId === executionId);
  if (incident !== undefined && rung !== undefined) {
    return tell({ rung, target: incident.target, incidentId: incident.id, facts: incidentFacts(incident, at, { rung }) });
  }
  const alone = foldLoneRun(past, executionId);
  return alone === undefined ? [] : tell(alone);
}

/** A plan without a target, run by hand, has no incident; it is folded as the only rung of one that is never shown. */
function foldLoneRun(past: readonly JournalEntry[], executionId: string): RunInView | undefined {
  const start = past.find(({ event }) => event.type === 'rollback-started' && event.executionId === executionId)?.event;
  if (start?.type !== 'rollback-started') return undefined;
  const { at, planId, dryRun, context, target } = start;
  const mode = dryRun ? 'dry-run' : 'enforce';
  const by = context.triggeredBy ?? 'nobody named';
  const reason = typeof context.metadata['reason'] === 'string' ? context.metadata['reason'] : `Plan ${planId} was started.`;
  const base = { incidentId: executionId, target: target ?? '', at };
  const opened = applyToIncident(undefined, { type: 'incident-opened', ...base, environment: context.environment, mode });
  const begun = applyToIncident(opened, { type: 'rung-started', ...base, level: undefined, planId, executionId, mode, trigger: context.trigger, by, reason });
  const rung = past.reduce((incident, { event }) => applyToIncident(incident, event), begun)?.rungs[0];
  if (rung === undefined) return undefined;
  return { rung, target, facts: [['plan', start.planName], ['environment', context.environment], ['run', executionId]] };
}

/** Titles become subjects and headers: a line break in them could forge another header. */
function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
}
