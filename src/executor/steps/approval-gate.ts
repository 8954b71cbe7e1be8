import type { ApprovalPolicy } from '../../decision/approval-need.js';
import type { RollbackContext } from '../../rollback/rollback-plan.js';

/** What an `approval` step asks people. */
export interface StepQuestion {
  /** Names the step of its execution: asked again after a restart, it is the same question. */
  readonly executionId: string;
  /** `planId/stepId`. */
  readonly stepKey: string;
  readonly message: string;
  /** An entry of `policy.approvals` by its name, or what the step itself says. */
  readonly rule: string | ApprovalPolicy;
  readonly context: RollbackContext;
}

/** Where steps ask people. */
export interface ApprovalGate {
  /**
   * Resolves once they have agreed, or have not answered where that counts as a yes. Rejects with BelayError
   * `step-failed` for a no, and with the signal's reason.
   */
  ask(question: StepQuestion, signal: AbortSignal): Promise<void>;
  /** Who would be asked, in words. */
  describe(rule: string | ApprovalPolicy): string;
}
