import { approvalNeed, automaticApprovalNeed, needText } from '../decision/approval-need.js';
import { governingLevel, scenariosOf } from '../guard/target-declaration.js';
import type { BelayPart } from './belay-part.js';
import { approversOf } from './check-approvals.js';
import type { PlanPart } from './plans-part.js';
import type { Problem } from './problem.js';

/** Plans that take the word of an approver where nobody is one. Groups of which nobody is are told where they are asked for. */
export function checkApprovers(plans: readonly PlanPart[], belay: BelayPart): readonly Problem[] {
  const { value } = belay;
  if (value === undefined || value.mode !== 'enforce' || approversOf(belay).length > 0) return [];
  const byId = new Map(plans.flatMap(({ value: plan }) => (plan === undefined ? [] : [[plan.id, plan] as const])));
  return plans.flatMap(({ document, path, value: plan }) => {
    // A dry run waits for nobody.
    if (plan === undefined || (value.targets[plan.target ?? '']?.mode ?? 'enforce') !== 'enforce') return [];
    const level = governingLevel(plan, byId);
    // Of one that is not there another problem tells.
    const scenarios = scenariosOf(plan, byId).filter((name) => Object.hasOwn(value.policy.approvals, name));
    const need = level === undefined || plan.target === undefined ? approvalNeed(value.policy, level, scenarios) : automaticApprovalNeed(value.policy, level, scenarios);
    if (need?.rules.some(({ allOf, anyOf }) => allOf.length === 0 && anyOf.length === 0) !== true) return [];
    const key = plan.approval !== undefined ? 'approval' : plan.level !== undefined ? 'level' : 'dependencies';
    return [document.problem([...path, key], `the plan takes the approval of ${needText(need)}, and nobody may approve`, { severity: 'warning', hint: 'name somebody under "people" in belay.yaml, or a token of the role approver' })];
  });
}
