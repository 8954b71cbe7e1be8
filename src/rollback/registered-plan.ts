import { BelayError } from '../fault/belay-error.js';
import { deepFreeze, plainCopy } from './plain-data.js';
import type { RollbackPlan, RollbackStep } from './rollback-plan.js';
import { stepTimeoutMs } from './step-timing.js';

/** A frozen copy that nobody can change afterwards. Throws BelayError `parameter-invalid` for a plan that could not run as written. */
export function registeredPlan(plan: RollbackPlan): RollbackPlan {
  const copy = plainCopy(plan, `Plan ${plan.id}`);
  const seen = new Set<string>();
  for (const step of copy.steps) {
    if (seen.has(step.id)) throw new BelayError('parameter-invalid', `Plan ${copy.id} has two steps with the id ${step.id}`);
    seen.add(step.id);
    stepTimeoutMs(step);
    checkRetryPolicy(step);
  }
  return deepFreeze(copy);
}

function checkRetryPolicy({ id, retryPolicy }: RollbackStep): void {
  if (retryPolicy === undefined) return;
  const { maxAttempts, backoffMultiplier } = retryPolicy;
  if (!Number.isSafeInteger(maxAttempts) || maxAttempts < 1) {
    throw new BelayError('parameter-invalid', `Step ${id}: retryPolicy.maxAttempts must be a whole number of at least 1, the first attempt included`);
  }
  if (!Number.isFinite(backoffMultiplier) || backoffMultiplier <= 0) {
    throw new BelayError('parameter-invalid', `Step ${id}: retryPolicy.backoffMultiplier must be a positive number`);
  }
}
