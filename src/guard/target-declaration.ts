import type { Policy } from '../decision/policy.js';
import type { Target } from '../decision/target.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { Mode, Trigger } from '../trigger/trigger.js';
import type { VerificationSpec } from '../verification/verification.js';

/** Everything that the files say of one target: replaced as a whole when the configuration is read again. */
export interface TargetDeclaration {
  readonly target: Target;
  readonly environment: string;
  /** The strictest of the daemon's and the target's mode. */
  readonly mode: Mode;
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly plans: readonly RollbackPlan[];
  /** By plan id; a plan that proves nothing (one without a target) has none. */
  readonly verifications: ReadonlyMap<string, VerificationSpec>;
  readonly policy: Policy;
}

const DEFAULT_HOLD_MS = 120_000;

/** How long alerts must stay clear before an incident that ended by itself is closed: the shortest hold of the target's plans. */
export function quietHoldMs({ verifications, plans }: TargetDeclaration): number {
  const holds = plans.flatMap((plan) => verifications.get(plan.id)?.holdMs ?? []);
  return holds.length === 0 ? DEFAULT_HOLD_MS : Math.min(...holds);
}
