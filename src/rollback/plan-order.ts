import { BelayError } from '../fault/belay-error.js';
import type { RollbackPlan } from './rollback-plan.js';

/**
 * The plan and all that it depends on, dependencies first, each once, otherwise in the order written. Throws BelayError
 * `plan-not-found`, `plan-dependency-missing` or `plan-dependency-cycle`.
 */
export function planOrder(planId: string, getPlan: (id: string) => RollbackPlan | undefined): readonly RollbackPlan[] {
  const plan = getPlan(planId);
  if (plan === undefined) throw new BelayError('plan-not-found', `Rollback plan ${planId} not found`, { context: { plan: planId } });

  const ordered = new Map<string, RollbackPlan>();
  const visit = (current: RollbackPlan, path: readonly string[]): void => {
    if (ordered.has(current.id)) return;
    const pathHere = [...path, current.id];
    if (path.includes(current.id)) {
      const cycle = pathHere.slice(pathHere.indexOf(current.id)).join(' → ');
      throw new BelayError('plan-dependency-cycle', `Rollback plans depend on each other in a circle: ${cycle}`, { context: { plan: planId } });
    }
    for (const dependencyId of current.dependencies) {
      const dependency = getPlan(dependencyId);
      if (dependency === undefined) {
        throw new BelayError('plan-dependency-missing', `Rollback plan ${current.id} depends on ${dependencyId}, which is not found`, {
          context: { plan: current.id, dependency: dependencyId },
        });
      }
      visit(dependency, pathHere);
    }
    ordered.set(current.id, current);
  };
  visit(plan, []);
  return [...ordered.values()];
}
