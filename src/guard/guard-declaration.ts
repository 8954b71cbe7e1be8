import type { Person } from '../decision/approval-need.js';
import type { Policy } from '../decision/policy.js';
import type { Target } from '../decision/target.js';
import { matrixOf } from '../decision/matrix.js';
import { strictestMode } from '../decision/mode.js';
import { BelayError } from '../fault/belay-error.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { Mode, Trigger } from '../trigger/trigger.js';
import type { VerificationSpec } from '../verification/verification.js';
import { rungsOfTarget, type TargetDeclaration } from './target-declaration.js';

/** What the files say, as far as the guard goes by it. */
export interface GuardDeclaration {
  readonly environment: string;
  readonly mode: Mode;
  readonly targets: readonly Target[];
  readonly triggers: readonly Trigger[];
  readonly plans: readonly RollbackPlan[];
  readonly verifications: ReadonlyMap<string, VerificationSpec>;
  readonly policy: Policy;
  readonly people?: readonly Person[] | undefined;
}

/** The part of the declaration that concerns one target. */
export function declarationFor(target: Target, declaration: GuardDeclaration): TargetDeclaration {
  const { environment, policy, plans, people } = declaration;
  const own = plans.filter((plan) => plan.target === target.name);
  return {
    target,
    environment,
    mode: strictestMode(declaration.mode, target.mode),
    triggers: new Map(declaration.triggers.filter((trigger) => trigger.target === target.name).map((trigger) => [trigger.name, trigger])),
    plans: own,
    rungs: rungsOfTarget(target.name, plans),
    verifications: declaration.verifications,
    policy: { ...policy, matrix: matrixOf(target.name, policy.matrix) },
    people,
  };
}

/**
 * A target that the files do not declare: one that was taken away while something was open on it, or that of a plan
 * without a target, which is guarded, locked and journalled under its own id.
 */
export function undeclaredTarget(name: string): Target {
  return { name, owners: [], priority: 'medium', hasHealth: false };
}

/** Throws BelayError `not-found` for a target that the files do not declare. */
export function mustBeDeclared({ targets }: GuardDeclaration, target: string): void {
  if (!targets.some(({ name }) => name === target)) throw new BelayError('not-found', `there is no target ${target}`, { context: { known: targets.map(({ name }) => name) } });
}
