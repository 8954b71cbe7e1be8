import type { PlanDescription, PlanSummary } from '../../rollback/plan-description.js';
import type { RollbackStart } from '../../http/guard-api.js';
import { ask, askJson } from '../session/api.js';

// What people can make Belay do from the page. Each resolves once it is durable, and rejects with `ApiError`.

export async function answerApproval(id: string, decision: 'approve' | 'reject', reason: string | undefined): Promise<void> {
  await ask(`/api/v1/approvals/${encodeURIComponent(id)}`, { method: 'POST', body: { decision, reason } });
}

export async function cancelRollback(executionId: string): Promise<void> {
  await ask(`/api/v1/rollbacks/${encodeURIComponent(executionId)}/cancel`, { method: 'POST' });
}

export async function acknowledge(incidentId: string): Promise<void> {
  await ask(`/api/v1/incidents/${encodeURIComponent(incidentId)}/ack`, { method: 'POST' });
}

export async function closeIncident(incidentId: string, reason: string | undefined): Promise<void> {
  await ask(`/api/v1/incidents/${encodeURIComponent(incidentId)}/close`, { method: 'POST', body: { reason } });
}

/** Of one target, or of all. */
export async function pause(target: string | undefined, reason: string | undefined, lasts: string | undefined): Promise<void> {
  await ask('/api/v1/pauses', { method: 'POST', body: { target, reason, for: lasts } });
}

export async function resume(pauseId: string, reason: string | undefined): Promise<void> {
  await ask(`/api/v1/pauses/${encodeURIComponent(pauseId)}${reason === undefined ? '' : `?${new URLSearchParams({ reason }).toString()}`}`, { method: 'DELETE' });
}

export async function plans(signal: AbortSignal): Promise<readonly PlanSummary[]> {
  return (await askJson<{ plans: readonly PlanSummary[] }>('/api/v1/plans', { signal })).plans;
}

/** What the plan would change now, from the real state. */
export function previewPlan(planId: string, signal: AbortSignal): Promise<PlanDescription> {
  return askJson(`/api/v1/plans/${encodeURIComponent(planId)}`, { signal });
}

export function startRollback(plan: string, reason: string | undefined, dryRun: boolean): Promise<RollbackStart> {
  return askJson('/api/v1/rollbacks', { method: 'POST', body: { plan, reason, dryRun } });
}
