import { isGranted, isOpen, outcomeText, voidText } from '../decision/approval.js';
import { needText } from '../decision/approval-need.js';
import { formatDuration } from '../time/duration.js';
import type { Incident, IncidentApproval } from '../incident/incident.js';
import type { IncidentEvent } from '../incident/incident-event.js';
import { evidenceOfIncident, headlineOf } from './alert-headline.js';
import { incidentFacts, isDryRun, rungText } from './incident-facts.js';
import type { Message, MessageKind, MessageQuestion, MessageTone } from './message.js';
import { readableInstant } from './readable-time.js';

type EventOf<Type extends IncidentEvent['type']> = Extract<IncidentEvent, { readonly type: Type }>;

/** What people are asked, and how they may answer. */
export function composeApprovalRequested(incident: Incident, { approval: { id }, at }: EventOf<'approval-requested'>): readonly Message[] {
  return withApproval(incident, id, (approval) => {
    const tone = approval.purpose === 'schedule' ? 'neutral' : 'bad';
    const headline = headlineOf(incident.target, evidenceOfIncident(incident));
    return [
      about(incident, approval, at, tone, `${askingTitle(approval)}${headline === undefined || approval.purpose === 'step' ? '' : `: ${headline}`}`, {
        text: approval.question,
        next: howToAnswer(approval),
      }),
    ];
  });
}

/** One of several agreements, or the last of them. A rejection is told by what it leads to, where that is told at all. */
export function composeApprovalAnswered(incident: Incident, { approvalId, at, answer }: EventOf<'approval-answered'>): readonly Message[] {
  return withApproval(incident, approvalId, (approval) => {
    const what = rungText(approval);
    if (isOpen(approval)) {
      return [about(incident, approval, at, 'bad', `${what} approved by ${answer.by}, still missing: ${approval.missing.join(', ')}`, { text: answer.reason ?? '', next: howToAnswer(approval) })];
    }
    if (approval.status === 'rejected') {
      if (approval.purpose !== 'step' && approval.purpose !== 'by-hand') return [];
      return [about(incident, approval, at, 'bad', `${what} rejected by ${answer.by}`, { text: answer.reason ?? '', next: approval.purpose === 'step' ? 'The step has failed.' : 'Nothing was started.' })];
    }
    const next = approval.purpose === 'step' ? 'The plan goes on.' : approval.purpose === 'by-hand' ? (approval.undoes === undefined ? 'The plan starts now.' : 'The undo starts now.') : 'The condition is asked once more, and where it still holds, the plan starts.';
    return [about(incident, approval, at, 'working', `${what} ${approval.purpose === 'schedule' ? 'started at once' : 'approved'} by ${approval.answers.map(({ by }) => by).join(' and ')}`, { text: answer.reason ?? '', next })];
  });
}

/** A question without an answer; where a person is needed then, that is told instead. */
export function composeApprovalExpired(incident: Incident, { approvalId, at }: EventOf<'approval-expired'>): readonly Message[] {
  return withApproval(incident, approvalId, (approval) => {
    const { purpose } = approval;
    if (purpose === 'schedule' || (purpose === 'plan' && !isGranted(approval))) return [];
    const goesOn = approval.need.onTimeout === 'proceed';
    return [
      about(incident, approval, at, goesOn ? 'working' : 'bad', `${rungText(approval)}: nobody answered in time, ${goesOn ? 'it goes ahead' : purpose === 'step' ? 'the step fails' : 'nothing starts'}`, {
        text: outcomeText(approval),
        next: goesOn ? 'The approvals say so (onTimeout: proceed).' : purpose === 'step' ? 'The step has failed.' : `To ask again: belay rollback ${approval.planId} --reason "…"`,
      }),
    ];
  });
}

/** Told where nothing else says that nobody has to answer any more. */
export function composeApprovalVoided(incident: Incident, { approvalId, at, cause }: EventOf<'approval-voided'>): readonly Message[] {
  return withApproval(incident, approvalId, (approval) => {
    const isTold = (approval.purpose === 'plan' || approval.purpose === 'schedule') && (cause === 'recovered' || cause === 'paused');
    if (!isTold) return [];
    return [about(incident, approval, at, 'neutral', `${rungText(approval)}: no answer is needed any more, ${voidText(cause)}`, { text: '', next: 'Belay keeps watching; should it come to it again, you are asked again.' })];
  });
}

export function composeAcknowledged(incident: Incident, { by, at }: EventOf<'incident-acknowledged'>): Message {
  return {
    kind: 'acknowledged',
    tone: incident.status === 'needs-human' || incident.status === 'awaiting-approval' ? 'bad' : 'neutral',
    incidentId: incident.id,
    target: incident.target,
    dryRun: isDryRun(incident),
    title: `${incident.target}: seen by ${by}`,
    text: '',
    facts: incidentFacts(incident, at, { rung: incident.rungs.at(-1) }),
  };
}

/** The questions that are open on an incident: every message of it lets people answer them. */
export function openQuestions({ approvals, target }: Incident): readonly MessageQuestion[] {
  return approvals.filter(isOpen).map((approval) => {
    const what = `${rungText(approval)} of ${target} (plan ${approval.planId})`;
    return approval.purpose === 'schedule'
      ? { approvalId: approval.id, text: `Start ${what} now?`, approve: 'Start now', reject: 'Do not start' }
      : { approvalId: approval.id, text: `${askOf(approval, what)}?`, approve: 'Approve', reject: 'Reject' };
  });
}

function askOf({ purpose, undoes }: IncidentApproval, what: string): string {
  if (purpose === 'step') return `Go on with ${what}`;
  return undoes === undefined ? `Roll back ${what}` : `Start the ${what}`;
}

function withApproval(incident: Incident, id: string, tell: (approval: IncidentApproval) => readonly Message[]): readonly Message[] {
  const approval = incident.approvals.find((candidate) => candidate.id === id);
  return approval === undefined ? [] : tell(approval);
}

function askingTitle(approval: IncidentApproval): string {
  const { purpose, requestedBy, expiresAt } = approval;
  switch (purpose) {
    case 'schedule':
      return `${rungText(approval)} starts at ${readableInstant(expiresAt)} unless it recovers`;
    case 'by-hand':
      return `${requestedBy ?? 'somebody'} asks for ${rungText(approval)}, approval needed`;
    case 'plan':
      return `${rungText(approval)} needs approval`;
    case 'step':
      return `${rungText(approval)} waits for approval in the middle of its plan`;
    default:
      return purpose satisfies never;
  }
}

function howToAnswer(approval: IncidentApproval): string {
  const { id, purpose, expiresAt, need } = approval;
  const yes = `belay approve ${id}`;
  const no = `belay reject ${id} --reason "…"`;
  if (purpose === 'schedule') return `It starts at ${readableInstant(expiresAt)}; a recovery before then cancels it.\nTo start it at once: ${yes}\nTo keep it from starting: ${no}`;
  const otherwise = need.onTimeout === 'proceed' ? 'it goes ahead' : purpose === 'step' ? 'the step fails' : 'nothing starts';
  return `It takes ${needText(need)} by ${readableInstant(expiresAt)} (within ${formatDuration(expiresAt - approval.requestedAt)}); otherwise ${otherwise}.\nTo approve: ${yes}\nTo reject: ${no}`;
}

/** That something is scheduled is a decision; the first one of an incident says that it fires. */
function kindOf({ decisions, rungs }: Incident, { purpose, status }: IncidentApproval): MessageKind {
  if (purpose !== 'schedule' || status !== 'requested') return 'approval';
  return decisions.length === 1 && rungs.length === 0 ? 'firing' : 'decision';
}

function about(incident: Incident, approval: IncidentApproval, at: number, tone: MessageTone, title: string, { text, next }: { readonly text: string; readonly next: string }): Message {
  const agreed = approval.answers.map(({ answer, by, way }) => `${answer === 'approve' ? 'approved' : 'rejected'} by ${by} (${way})`);
  const isAsked = isOpen(approval) && (approval.purpose === 'plan' || approval.purpose === 'schedule');
  const decision = isAsked ? incident.decisions.at(-1) : undefined;
  const facts = incidentFacts(incident, at, { rung: approval, reason: incident.decisions.at(-1)?.reason, decision });
  return {
    kind: kindOf(incident, approval),
    tone,
    incidentId: incident.id,
    target: incident.target,
    dryRun: false,
    title: `${incident.target}: ${title}`,
    text,
    facts: [...facts, ['approval', [...agreed, ...(isOpen(approval) && approval.purpose !== 'schedule' ? [`missing: ${approval.missing.join(', ')}`] : []), approval.id].join('\n')]],
    next,
    tell: approval.tell,
  };
}
