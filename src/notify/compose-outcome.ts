import type { IncidentEvent, NeedsHumanReason } from '../incident/incident-event.js';
import type { Incident, Rung } from '../incident/incident.js';
import { evidenceOfIncident, headlineOf } from './alert-headline.js';
import { beganAt, incidentFacts, isDryRun, rungText, stepLines } from './incident-facts.js';
import type { Message } from './message.js';
import { readableSpan } from './readable-time.js';

type EventOf<Type extends IncidentEvent['type']> = Extract<IncidentEvent, { readonly type: Type }>;

/** From here on nothing happens without a person: what is wrong, what was tried, what to type. */
export function composeNeedsHuman(incident: Incident, event: EventOf<'needs-human'>): Message {
  const rung = incident.rungs.at(-1);
  const proposed = proposedRung(incident, event.reason);
  const decision = incident.decisions.at(-1);
  const verdict = rung?.verification?.result;
  const headline = rung === undefined ? headlineOf(incident.target, evidenceOfIncident(incident)) : undefined;
  // Where the ladder has ended, the explanation of the decision does not say what the verification saw.
  const seen = verdict?.outcome === 'not-recovered' && event.explanation !== verdict.explanation ? verdict.explanation : undefined;
  const facts = incidentFacts(incident, event.at, { rung: proposed ?? rung, reason: event.reason, decision: decision?.reason === event.reason ? decision : undefined, grounds: true });
  return {
    kind: 'needs-human',
    tone: 'bad',
    incidentId: incident.id,
    target: incident.target,
    dryRun: isDryRun(incident),
    title: `${incident.target}: needs a person, ${shortReason(event.reason, rung)}${headline === undefined ? '' : `: ${headline}`}`,
    text: [seen, event.explanation].filter((sentence) => sentence !== undefined).join(' '),
    facts: rung === undefined ? facts : [...facts, ['steps', stepLines(rung.steps)]],
    next: `${advice(event.reason, incident, proposed)}\nEverything that was seen and done: belay incidents ${incident.id}`,
  };
}

export function composeRecovered(incident: Incident, event: EventOf<'incident-recovered'>): Message {
  const rung = incident.rungs.at(-1);
  const how = event.how === 'by-itself' || rung === undefined ? 'recovered by itself' : `recovered by ${rungText(rung)}`;
  return {
    kind: 'recovered',
    tone: 'good',
    incidentId: incident.id,
    target: incident.target,
    dryRun: isDryRun(incident),
    title: `${incident.target}: ${how}, ${readableSpan(beganAt(incident), event.at)} after it began`,
    text: event.explanation,
    facts: incidentFacts(incident, event.at, { rung: event.how === 'rolled-back' ? rung : undefined }),
    next:
      event.how === 'rolled-back' && rung?.undoes !== undefined
        ? 'The incident is over and Belay keeps watching. What the rollback had taken away is back.'
        : event.how === 'rolled-back'
        ? 'The incident is over and Belay keeps watching. What was rolled back still has its fault: find it before it is shipped again.'
        : 'The incident is over and Belay keeps watching.',
  };
}

export function composeClosed(incident: Incident, event: EventOf<'incident-closed'>): Message {
  return {
    kind: 'guard',
    tone: 'neutral',
    incidentId: incident.id,
    target: incident.target,
    dryRun: isDryRun(incident),
    title: `${incident.target}: incident closed by ${event.by}`,
    text: event.reason,
    facts: incidentFacts(incident, event.at, {}),
    next: 'Belay keeps watching; an alert that fires opens a new incident.',
  };
}

/** The last message of an incident: where its report stands. */
export function composeReport(incident: Incident, event: EventOf<'report-written'>): Message {
  return {
    kind: 'guard',
    tone: 'neutral',
    incidentId: incident.id,
    target: incident.target,
    dryRun: isDryRun(incident),
    title: `${incident.target}: the incident's report is written`,
    text: event.path,
    facts: [],
    next: 'Fill in what only people know: causes, lessons, actions. What you write is kept when the report is made anew.',
  };
}

/** The rung that waits for a person, where that is what the incident needs one for. */
function proposedRung(incident: Incident, reason: NeedsHumanReason): Pick<Rung, 'level' | 'planId'> | undefined {
  if (reason === 'approval-rejected' || reason === 'approval-expired') return incident.approvals.findLast(({ status }) => `approval-${status}` === reason);
  const decision = incident.decisions.at(-1);
  if (decision?.reason !== reason || decision.planId === undefined) return undefined;
  return { level: decision.level, planId: decision.planId };
}

/** Why an incident needs a person, in a few words. */
export function needsPersonText({ rungs }: Incident, reason: NeedsHumanReason): string {
  return shortReason(reason, rungs.at(-1));
}

function shortReason(reason: NeedsHumanReason, rung: Rung | undefined): string {
  const tried = rung === undefined ? 'the rollback' : rungText(rung);
  switch (reason) {
    case 'no-plan':
      return 'there is no plan';
    case 'ladder-exhausted':
      return `not recovered by ${tried}, the last of its ladder`;
    case 'budget-exhausted':
      return 'the budget of automatic rollbacks is spent';
    case 'fleet-limit':
      return 'too many targets fail at once';
    case 'flapping':
      return 'its alerts come and go';
    case 'no-change':
      return 'no change goes before the breach';
    case 'breach-before-change':
      return 'the breach is older than the last change';
    case 'no-rollback-point':
      return 'there is no known good state to go back to';
    case 'already-running':
      return 'what would be brought back runs already';
    case 'version-rolled-back':
      return 'the last good version was itself rolled back';
    case 'not-recovered':
      return `not recovered by ${tried}`;
    case 'inconclusive':
      return `whether ${tried} helped is not certain`;
    case 'verification-error':
      return `whether ${tried} helped could not be measured`;
    case 'step-parked':
      return `${tried} stopped at a parked step`;
    case 'cancelled':
      return `${tried} was cancelled`;
    case 'approval-rejected':
      return 'the rollback was rejected';
    case 'approval-expired':
      return 'nobody has approved the rollback in time';
    default:
      throw new TypeError(`unknown reason ${String(reason satisfies never)}`);
  }
}

function advice(reason: NeedsHumanReason, { target }: Incident, proposed: Pick<Rung, 'level' | 'planId'> | undefined): string {
  const start = proposed === undefined ? '' : `\nIf it is right: belay rollback ${proposed.planId} --reason "…"`;
  switch (reason) {
    case 'no-plan':
      return `Nothing is rolled back by itself: ${target} must be mended by hand.`;
    case 'approval-rejected':
    case 'approval-expired':
      return `Nothing happens until a person starts it.${start}`;
    case 'budget-exhausted':
    case 'fleet-limit':
    case 'flapping':
    case 'no-change':
    case 'breach-before-change':
      return `Nothing more starts by itself. Look for the larger cause first.${start}`;
    case 'no-rollback-point':
      return `Nothing is rolled back by itself. To say which version is good: belay mark good --target ${target} --version …`;
    case 'already-running':
    case 'version-rolled-back':
    case 'ladder-exhausted':
    case 'not-recovered':
      return `Nothing more starts by itself: ${target} is still broken and must be mended by hand.`;
    case 'inconclusive':
    case 'verification-error':
      return 'Nothing more starts by itself. Look whether the service works, and why its checks give no clear answer.';
    case 'step-parked':
      return 'Nothing more starts by itself. Look at the real state of the parked step first.';
    case 'cancelled':
      return 'Nothing more starts by itself. The steps that were done stay done.';
    default:
      throw new TypeError(`unknown reason ${String(reason satisfies never)}`);
  }
}
