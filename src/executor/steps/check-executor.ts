import { BelayError } from '../../fault/belay-error.js';
import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepDescription } from '../../rollback/step-executor.js';
import type { Check, CheckRunner } from '../../source/check.js';
import { readParameters } from '../read-parameters.js';

/** Asks one check once, and fails unless it is OK: no data and no answer are no success. The step's retryPolicy repeats it. */
export class CheckExecutor implements RollbackStepExecutor {
  readonly onlyWaits = true;
  readonly #checkRunner: CheckRunner;

  constructor(checkRunner: CheckRunner) {
    this.#checkRunner = checkRunner;
  }

  async execute(step: RollbackStep, context: RollbackContext, told?: AbortSignal): Promise<void> {
    const signal = told ?? new AbortController().signal;
    signal.throwIfAborted();
    const { name, status, detail } = await this.#checkRunner.run(checkOf(step, context), signal);
    if (status !== 'ok') throw new BelayError('step-failed', `check ${name} is ${status}: ${detail}`, { context: { status } });
  }

  async describe(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<StepDescription> {
    const { name, status, detail } = await this.#checkRunner.run(checkOf(step, context), signal);
    return { summary: `check ${name}: at present ${status}: ${detail}`, before: status, after: 'ok' };
  }
}

/** A backup is for the target of the plan, unless the step says otherwise. */
function checkOf(step: RollbackStep, { metadata: { target } }: RollbackContext): Check {
  const check = readParameters('check', step);
  return check.type === 'backup' && typeof target === 'string' ? { ...check, target: check.target ?? target } : check;
}
