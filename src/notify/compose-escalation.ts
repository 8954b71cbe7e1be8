import { isOpen } from '../decision/approval.js';
import type { IncidentEvent } from '../incident/incident-event.js';
import type { Incident } from '../incident/incident.js';
import { needsPersonText } from './compose-outcome.js';
import { incidentFacts, isDryRun, rungText } from './incident-facts.js';
import type { Message } from './message.js';
import { readableInstant, readableSpan } from './readable-time.js';

/** Nobody has answered: the next people are called. */
export function composeEscalation(incident: Incident, { at, since, step, steps, to, tell }: Extract<IncidentEvent, { readonly type: 'incident-escalated' }>): Message {
  const { needsHuman, approvals, target, id } = incident;
  const asked = approvals.find((approval) => isOpen(approval) && approval.purpose !== 'schedule');
  const what = asked === undefined ? (needsHuman === undefined ? 'waits for a person' : `needs a person, ${needsPersonText(incident, needsHuman.reason)}`) : `${rungText(asked)} waits for approval`;
  const earlier = incident.escalations.slice(0, -1).filter((call) => call.since === since);
  const calls = [...earlier.map((call) => `${readableInstant(call.at)}: ${call.to.join(', ')}`), `now: ${to.join(', ')} (${tell.map(({ name }) => name).join(', ')})`];
  return {
    kind: 'escalation',
    tone: 'bad',
    incidentId: id,
    target,
    dryRun: isDryRun(incident),
    title: `${target}: nobody has answered for ${readableSpan(since, at)}, calling ${to.join(', ')}: ${what}`,
    text: needsHuman?.explanation ?? '',
    facts: [...incidentFacts(incident, at, { rung: asked ?? incident.rungs.at(-1), reason: needsHuman?.reason }), ['called', calls.join('\n')]],
    next: `To say that you look after it: belay ack ${id}\n${asked === undefined ? '' : `To approve: belay approve ${asked.id}\nTo reject: belay reject ${asked.id} --reason "…"\n`}${step < steps ? 'Otherwise the next people are called.' : 'These are the last who are called.'}`,
    tell,
  };
}
