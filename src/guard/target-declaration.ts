import type { PlanRung } from '../decision/ladder.js';
import type { Person } from '../decision/approval-need.js';
import type { Policy } from '../decision/policy.js';
import type { Target } from '../decision/target.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import { templateReferences } from '../rollback/template.js';
import type { Level, Mode, Trigger } from '../trigger/trigger.js';
import type { VerificationSpec } from '../verification/verification.js';

/** Everything that the files say of one target: replaced as a whole when the configuration is read again. */
export interface TargetDeclaration {
  readonly target: Target;
  readonly environment: string;
  /** The strictest of the daemon's and the target's mode. */
  readonly mode: Mode;
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly plans: readonly RollbackPlan[];
  /** Those of the plans that stand on a level. */
  readonly rungs: readonly PlanRung[];
  /** By plan id; a plan that proves nothing (one without a target) has none. */
  readonly verifications: ReadonlyMap<string, VerificationSpec>;
  readonly policy: Policy;
  /** Who may be asked and told. */
  readonly people?: readonly Person[] | undefined;
}

const DEFAULT_HOLD_MS = 120_000;

/** How long alerts must stay clear before an incident that ended by itself is closed: the shortest hold of the target's plans. */
export function quietHoldMs({ verifications, plans }: TargetDeclaration): number {
  const holds = plans.flatMap((plan) => verifications.get(plan.id)?.holdMs ?? []);
  return holds.length === 0 ? DEFAULT_HOLD_MS : Math.min(...holds);
}

/** The rungs of a target: its plans with a level, each governed by the highest level among its dependencies. */
export function rungsOfTarget(target: string, plans: readonly RollbackPlan[]): readonly PlanRung[] {
  const byId = new Map(plans.map((plan) => [plan.id, plan]));
  return plans.flatMap((plan) => {
    const { id: planId, level } = plan;
    if (plan.target !== target || level === undefined) return [];
    const types = new Set(withDependencies(plan, byId).flatMap(({ steps }) => steps.map(({ type }) => type)));
    const has = (...wanted: readonly string[]): boolean => wanted.some((type) => types.has(type));
    return [{ planId, level, governingLevel: governingLevel(plan, byId) ?? level, scenarios: scenariosOf(plan, byId), needs: rollbackPointNeeds(plan, byId), deploys: has('deployment'), changesMore: has('feature-flag', 'configuration', 'data') }];
  });
}

/** What a plan and all that it depends on ask of the rollback point, each path once: `version`, `flags.new-checkout`. */
export function rollbackPointNeeds(plan: RollbackPlan, byId: ReadonlyMap<string, RollbackPlan>): readonly string[] {
  const references = withDependencies(plan, byId).flatMap(({ steps }) => steps.flatMap((step) => templateReferences(step.parameters)));
  return [...new Set(references.filter(({ root }) => root === 'rollbackPoint').map(({ reference }) => reference.split('.').slice(1).join('.')))];
}

/** A plan and all that it depends on, each once. */
function withDependencies<P extends Pick<RollbackPlan, 'dependencies'>>(plan: P, byId: ReadonlyMap<string, P>, seen = new Set<P>()): readonly P[] {
  if (!seen.has(plan)) {
    seen.add(plan);
    for (const id of plan.dependencies) {
      const dependency = byId.get(id);
      if (dependency !== undefined) withDependencies(dependency, byId, seen);
    }
  }
  return [...seen];
}

/** The highest level among a plan and all that it depends on; `undefined` when none of them has one. */
export function governingLevel<P extends Pick<RollbackPlan, 'dependencies' | 'level'>>(plan: P, byId: ReadonlyMap<string, P>): Level | undefined {
  const all = withDependencies(plan, byId).flatMap(({ level }) => level ?? []);
  return all.length === 0 ? undefined : (Math.max(...all) as Level);
}

/** The approvals that a plan and all that it depends on name, each once. */
export function scenariosOf<P extends Pick<RollbackPlan, 'dependencies' | 'approval'>>(plan: P, byId: ReadonlyMap<string, P>): readonly string[] {
  return [...new Set(withDependencies(plan, byId).flatMap(({ approval }) => approval ?? []))];
}
