import { BelayError } from '../fault/belay-error.js';
import { parseDuration } from '../time/duration.js';
import type { RollbackStep } from './rollback-plan.js';

const FIRST_DELAY_MS = 1_000;
/** However steep the back-off, a step is tried again within an hour (and the instant stays one that JSON can hold). */
const LONGEST_DELAY_MS = 3_600_000;
const JITTER = 0.2;

/** The limit of one attempt. Throws BelayError `parameter-invalid` when it is not a positive duration. */
export function stepTimeoutMs(step: RollbackStep): number {
  const timeoutMs = typeof step.timeout === 'number' ? step.timeout * 1_000 : parseDuration(step.timeout);
  if (timeoutMs === undefined || !Number.isFinite(timeoutMs) || timeoutMs <= 0) {
    throw new BelayError('parameter-invalid', `Step ${step.id}: timeout ${JSON.stringify(step.timeout)} is neither a positive number of seconds nor a duration such as "90s"`);
  }
  return timeoutMs;
}

export function timeoutError(step: RollbackStep): BelayError {
  return new BelayError('step-timeout', `Step ${step.id} timed out after ${stepTimeoutMs(step) / 1_000} seconds`, { context: { step: step.id } });
}

export function maxAttemptsOf(step: RollbackStep): number {
  return step.retryPolicy?.maxAttempts ?? 1;
}

/** The wait after the `failedAttempts`-th attempt. `random`: 0 up to 1, spreads it by a fifth either way. */
export function retryDelayMs(step: RollbackStep, failedAttempts: number, random: number): number {
  const multiplier = step.retryPolicy?.backoffMultiplier ?? 1;
  const delayMs = FIRST_DELAY_MS * multiplier ** (failedAttempts - 1) * (1 - JITTER + 2 * JITTER * random);
  return Math.min(Math.round(delayMs), LONGEST_DELAY_MS);
}
