import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepAttempt, StepDescription } from '../../rollback/step-executor.js';
import type { PlanNotifier } from './plan-notifier.js';
import { readParameters } from '../read-parameters.js';

/** Tells people what a plan wants them to know. Done once the message is durable: a dead mail server never stops a rollback. */
export class NotificationExecutor implements RollbackStepExecutor {
  readonly #notifier: PlanNotifier;

  constructor(notifier: PlanNotifier) {
    this.#notifier = notifier;
  }

  async execute(step: RollbackStep, context: RollbackContext, signal?: AbortSignal, attempt?: StepAttempt): Promise<void> {
    signal?.throwIfAborted();
    const { recipients, channel, message, details = {} } = readParameters('notification', step);
    const stepOfExecution = attempt === undefined ? undefined : `${attempt.executionId}/${attempt.stepKey}`;
    await this.#notifier.enqueue({ recipients, channel, message, details, context, stepOfExecution });
  }

  describe(step: RollbackStep): Promise<StepDescription> {
    const { recipients, channel, message } = readParameters('notification', step);
    return Promise.resolve({ summary: `tell ${recipients.join(', ')} by ${channel}: ${message}` });
  }
}
