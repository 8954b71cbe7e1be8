import { type ChangeFacts, hasValue } from '../decision/change.js';
import { BelayError } from '../fault/belay-error.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import { rollbackPointNeeds } from './target-declaration.js';

/**
 * A plan that is started by hand must have what it goes back to. `changes` is absent for a plan without a target, which
 * has no rollback point. That the version runs already, or was rolled back, is left to the person.
 */
export function refuseWithoutRollbackPoint(plan: RollbackPlan, plans: readonly RollbackPlan[], changes: ChangeFacts | undefined): void {
  const missing = rollbackPointNeeds(plan, new Map(plans.map((other) => [other.id, other]))).filter((path) => !hasValue(changes?.rollbackPoint, path));
  if (missing.length === 0) return;
  const references = missing.map((path) => (path === '' ? 'rollbackPoint' : `rollbackPoint.${path}`));
  const point = changes?.rollbackPoint;
  const why = point === undefined ? `no state of ${plan.target ?? 'it'} is known to be good` : `the last good version, ${point.version}, was marked without it`;
  const hint = plan.target === undefined ? '' : `; belay mark good --target ${plan.target} --version … says which is`;
  throw new BelayError('template-unresolved', `plan ${plan.id} needs ${references.map((reference) => `\${${reference}}`).join(', ')}, but ${why}${hint}`, { context: { plan: plan.id, missing: references } });
}
