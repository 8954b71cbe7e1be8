import { type Answerer, refusalOf } from '../decision/approval.js';
import { BelayError } from '../fault/belay-error.js';
import { foldIncident } from '../incident/incident.js';
import type { Clock } from '../time/clock.js';
import type { NewAnswer } from './approval-desk.js';
import type { GuardStore } from './guard-store.js';

/** Why an answer does not count that means no open question: a question of an incident that is over has ended too, and people are told how. */
export async function refusalOfPast(id: string, answerer: Answerer, { answer }: NewAnswer, { store, clock }: { readonly store: Pick<GuardStore, 'entriesOfTypes' | 'entriesOfIncident'>; readonly clock: Clock }): Promise<BelayError> {
  for (const { event } of await store.entriesOfTypes(['approval-requested'], 0)) {
    if (event.type !== 'approval-requested' || event.approval.id !== id) continue;
    const incident = foldIncident(await store.entriesOfIncident(event.incidentId));
    const approval = incident?.approvals.find((candidate) => candidate.id === id);
    const refusal = approval === undefined ? undefined : refusalOf(approval, answerer, answer, clock.now());
    if (refusal !== undefined) return new BelayError(refusal.code, refusal.message, { context: { approvalId: id, incidentId: event.incidentId } });
  }
  return new BelayError('not-found', `there is no approval ${id}, and no open incident or rollback of that id that waits for one`);
}
