import type { Incident, Rung } from '../incident/incident.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { CheckResult } from '../source/check.js';

/**
 * Why a rollback that is under way begins no further step: its plan says `onResolved: stop-before-next-step`, and every
 * alert of the incident is known to be clear by a sample from after its start (`results`). A last step is not stopped
 * for this, since the verification tells as much. `undefined`: it goes on.
 */
export function whyStopForResolve(plan: Pick<RollbackPlan, 'id' | 'onResolved'> | undefined, rung: Rung | undefined, { alerts }: Pick<Incident, 'alerts'>, results: readonly CheckResult[]): string | undefined {
  if (plan?.onResolved !== 'stop-before-next-step' || rung === undefined || rung.trigger !== 'automatic' || rung.outcome !== undefined) return undefined;
  if (alerts.length === 0 || !rung.steps.some(({ status }) => status === 'waiting')) return undefined;
  return results.every(({ status }) => status === 'ok') ? `every alert has resolved meanwhile, and plan ${plan.id} says onResolved: stop-before-next-step` : undefined;
}
