import type { ExecutionStep } from './rollback-event.js';
import type { StepDescription } from './step-executor.js';

/** One step of a plan as it would run. */
export interface PlannedStep extends ExecutionStep {
  readonly description?: StepDescription;
  /** Why the real state could not be read. */
  readonly error?: string;
}
