import { isOpen } from '../decision/approval.js';
import { BelayError } from '../fault/belay-error.js';
import type { Incident, IncidentApproval } from '../incident/incident.js';

/**
 * The question of an open incident that `id` means: its own id, or the id of the incident or the rollback where only one
 * question is open. `undefined` when nothing is meant; throws BelayError `conflict` when several questions may be.
 */
export function meantApproval(incidents: readonly Incident[], id: string): (Pick<IncidentApproval, 'id'> & { readonly incidentId: string }) | undefined {
  const all = incidents.flatMap((incident) => incident.approvals.map((approval) => ({ approval, incident })));
  const own = all.find(({ approval }) => approval.id === id);
  if (own !== undefined) return { id, incidentId: own.incident.id };
  const open = all.filter(({ approval, incident }) => isOpen(approval) && (incident.id === id || approval.executionId === id));
  const [first, ...others] = open;
  if (first === undefined) {
    if (incidents.some((incident) => incident.id === id)) throw new BelayError('conflict', `nothing waits for an approval on incident ${id}`);
    return undefined;
  }
  if (others.length > 0) throw new BelayError('conflict', `several questions are open on ${id}: answer one of ${open.map(({ approval }) => approval.id).join(', ')}`);
  return { id: first.approval.id, incidentId: first.incident.id };
}
