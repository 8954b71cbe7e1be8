import { BelayError } from '../fault/belay-error.js';
import { deepFreeze, plainCopy } from './plain-data.js';
import type { RollbackPlan, RollbackStep, WrittenRollbackPlan } from './rollback-plan.js';
import { stepsAskedAbout } from './step-condition.js';
import { budgetMsOf, estimateMinutes, timeoutSeconds } from './step-timing.js';

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
  budgetMsOf(copy);
  const seen = new Set<string>();
  copy.steps.forEach((step, index) => {
    if (seen.has(step.id)) throw new BelayError('parameter-invalid', `Plan ${copy.id} has two steps with the id ${step.id}`);
    seen.add(step.id);
    checkRetryPolicy(step);
    const problem = stepOrderProblem(copy.steps, index);
    if (problem !== undefined) throw new BelayError('parameter-invalid', `Plan ${copy.id}, step ${step.id}: ${problem.message}`);
  });
  return deepFreeze(copy);
}

/** What is wrong with where a step stands among the others; `key` is the one to blame. */
export function stepOrderProblem(steps: readonly Pick<RollbackStep, 'id' | 'group' | 'when' | 'checklist'>[], index: number): { readonly key: 'group' | 'when' | 'checklist'; readonly message: string } | undefined {
  const step = steps[index];
  if (step === undefined) return undefined;
  const before = steps.slice(0, index);
  const { group, when, checklist } = step;
  if (group !== undefined && before.at(-1)?.group !== group && before.some((other) => other.group === group)) {
    return { key: 'group', message: `the steps of the group "${group}" must stand beside each other` };
  }
  const known = before.filter((other) => group === undefined || other.group !== group).map(({ id }) => id);
  const unknown = when === undefined ? undefined : stepsAskedAbout(when).find((id) => !known.includes(id));
  if (unknown !== undefined) return { key: 'when', message: `"${unknown}" is no step that has ended before this one` };
  if (checklist === 'pre' && before.some((other) => other.checklist !== 'pre')) return { key: 'checklist', message: 'what is checked before the rollback stands before all other steps' };
  if (checklist !== 'post' && before.some((other) => other.checklist === 'post')) return { key: 'checklist', message: 'what is checked after the rollback stands after all other steps' };
  return undefined;
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
