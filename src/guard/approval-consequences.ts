import { isGranted, isOpen, outcomeText, type VoidCause } from '../decision/approval.js';
import type { Incident, IncidentApproval } from '../incident/incident.js';
import type { NeedsHumanReason } from '../incident/incident-event.js';

/** What the end of a question leads to, as long as the journal does not say that it has. */
export type ApprovalConsequence =
  | { readonly kind: 'start'; readonly approval: IncidentApproval }
  | { readonly kind: 'needs-human'; readonly reason: NeedsHumanReason; readonly explanation: string }
  /** A rollback that somebody wished for, and nothing else, was what the incident was about. */
  | { readonly kind: 'close'; readonly by: string; readonly explanation: string };

/** The first thing that is left to do about the incident's questions; asked again after it is done. */
export function approvalConsequence(incident: Incident): ApprovalConsequence | undefined {
  for (const approval of incident.approvals) {
    const consequence = approval.isFollowed || isOpen(approval) ? undefined : consequenceOf(approval, incident);
    if (consequence !== undefined) return consequence;
  }
  return undefined;
}

function consequenceOf(approval: IncidentApproval, incident: Incident): ApprovalConsequence | undefined {
  const { purpose, status } = approval;
  if (purpose === 'step') return undefined;
  if (isGranted(approval)) return purpose === 'by-hand' ? { kind: 'start', approval } : undefined;
  const isOver = status === 'rejected' || status === 'expired';
  const explanation = outcomeText(approval);
  if (purpose === 'by-hand') {
    // What nobody agreed to leaves an incident with alerts as it was.
    const isAlone = incident.alerts.length === 0 && incident.rungs.length === 0 && !incident.approvals.some(isOpen);
    return isAlone ? { kind: 'close', by: approval.answers.at(-1)?.by ?? approval.requestedBy ?? 'belay', explanation } : undefined;
  }
  return isOver ? { kind: 'needs-human', reason: status === 'rejected' ? 'approval-rejected' : 'approval-expired', explanation } : undefined;
}

/** Why a question has no place any more while a rollback is under way, or once the one that asked it has ended. */
export function obsoleteBecause(approval: IncidentApproval, { rungs }: Incident, isRunning: boolean): VoidCause | undefined {
  if (approval.purpose !== 'step') return isRunning ? 'started' : undefined;
  return rungs.find(({ executionId }) => executionId === approval.executionId)?.outcome === undefined ? undefined : 'cancelled';
}
