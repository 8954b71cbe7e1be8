import { BelayError } from '../fault/belay-error.js';
import { deepFreeze, plainCopy } from './plain-data.js';
import type { RollbackPlan, RollbackStep, WrittenRollbackPlan } from './rollback-plan.js';
import { estimateMinutes, timeoutSeconds } from './step-timing.js';

/**
 * A frozen copy that nobody can change afterwards, with every duration as the number that the user's documents have.
 * Throws BelayError `parameter-invalid` for a plan that could not run as written.
 */
export function registeredPlan(plan: WrittenRollbackPlan): RollbackPlan {
  const written = plainCopy(plan, `Plan ${plan.id}`);
  // Code without types may leave out what is empty.
  const { dependencies = [] } = written as Partial<WrittenRollbackPlan>;
  const copy: RollbackPlan = {
    ...written,
    dependencies,
    estimatedDuration: estimateMinutes(written),
    steps: written.steps.map((step) => ({ ...step, timeout: timeoutSeconds(step) })),
  };
  const seen = new Set<string>();
  for (const step of copy.steps) {
    if (seen.has(step.id)) throw new BelayError('parameter-invalid', `Plan ${copy.id} has two steps with the id ${step.id}`);
    seen.add(step.id);
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
