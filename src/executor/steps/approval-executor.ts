import { BelayError } from '../../fault/belay-error.js';
import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepAttempt, StepDescription, StepState } from '../../rollback/step-executor.js';
import { readParameters } from '../read-parameters.js';
import type { StepParameters } from '../step-parameters.js';
import type { ApprovalGate } from './approval-gate.js';
import { approvalPolicyOf } from './approval-schema.js';

/** Waits until people have agreed. The question outlives the attempt: it stays open over restarts. */
export class ApprovalExecutor implements RollbackStepExecutor {
  readonly onlyWaits = true;
  readonly keepsWaiting = true;
  readonly #gate: ApprovalGate;

  constructor(gate: ApprovalGate) {
    this.#gate = gate;
  }

  async execute(step: RollbackStep, context: RollbackContext, told?: AbortSignal, attempt?: StepAttempt): Promise<void> {
    const signal = told ?? new AbortController().signal;
    signal.throwIfAborted();
    const parameters = readParameters('approval', step);
    if (attempt === undefined) throw new BelayError('step-failed', `step ${step.id}: an approval is asked in a rollback only`);
    const { executionId, stepKey } = attempt;
    await this.#gate.ask({ executionId, stepKey, message: parameters.message ?? step.name, rule: ruleOf(parameters), context }, signal);
  }

  describe(step: RollbackStep): Promise<StepDescription> {
    const parameters = readParameters('approval', step);
    return Promise.resolve({ summary: `wait for the approval of ${this.#gate.describe(ruleOf(parameters))}: ${parameters.message ?? step.name}` });
  }

  /** Whether it was given is found by asking again, which asks nobody twice. */
  state(): Promise<StepState> {
    return Promise.resolve('not-applied');
  }
}

function ruleOf({ approval, ...own }: StepParameters<'approval'>): ReturnType<typeof approvalPolicyOf> | string {
  return approval ?? approvalPolicyOf(own);
}
