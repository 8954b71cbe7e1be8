import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepDescription } from '../../rollback/step-executor.js';
import type { Clock } from '../../time/clock.js';
import { formatDuration } from '../../time/duration.js';
import { readParameters } from '../read-parameters.js';

/** Lets time pass. */
export class WaitExecutor implements RollbackStepExecutor {
  readonly onlyWaits = true;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async execute(step: RollbackStep, _context: RollbackContext, signal?: AbortSignal): Promise<void> {
    await this.#clock.sleepUntil(this.#clock.now() + readParameters('wait', step).duration, signal);
  }

  describe(step: RollbackStep): Promise<StepDescription> {
    return Promise.resolve({ summary: `wait ${formatDuration(readParameters('wait', step).duration)}` });
  }
}
