import { BelayError } from '../fault/belay-error.js';
import { parseDuration } from '../time/duration.js';
import type { RollbackPlan, RollbackStep, WrittenDuration } from './rollback-plan.js';

const FIRST_DELAY_MS = 1_000;
/** However steep the back-off, a step is tried again within an hour (and the instant stays one that JSON can hold). */
const LONGEST_DELAY_MS = 3_600_000;
const JITTER = 0.2;

/** The limit of one attempt; a bare number is seconds. Throws BelayError `parameter-invalid` when it is not a positive duration. */
export function timeoutSeconds({ id, timeout }: { readonly id: string; readonly timeout: WrittenDuration }): number {
  const seconds = typeof timeout === 'number' ? timeout : (parseDuration(timeout) ?? NaN) / 1_000;
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new BelayError('parameter-invalid', `Step ${id}: timeout ${JSON.stringify(timeout)} is neither a positive number of seconds nor a duration such as "90s"`);
  }
  return seconds;
}

/** How long a plan takes; a bare number is minutes. Throws BelayError `parameter-invalid` for a text that is no duration. */
export function estimateMinutes({ id, estimatedDuration }: { readonly id: string; readonly estimatedDuration: WrittenDuration }): number {
  if (typeof estimatedDuration !== 'string') return estimatedDuration;
  const durationMs = parseDuration(estimatedDuration);
  if (durationMs !== undefined) return durationMs / 60_000;
  throw new BelayError('parameter-invalid', `Plan ${id}: estimatedDuration ${JSON.stringify(estimatedDuration)} is neither a number of minutes nor a duration such as "15m"`);
}

const MINUTE_MS = 60_000;
/** What the levels promise: a flag within a minute, a whole system within an hour. */
const levelBudgetMs = { 1: MINUTE_MS, 2: 5 * MINUTE_MS, 3: 15 * MINUTE_MS, 4: 30 * MINUTE_MS, 5: 60 * MINUTE_MS } as const;

/** How long the steps of a plan may take before people are told; `undefined` for one without budget and level. Throws BelayError `parameter-invalid` for a text that is no duration. */
export function budgetMsOf({ id, budget, level }: Pick<RollbackPlan, 'id' | 'budget' | 'level'>): number | undefined {
  if (budget === undefined) return level === undefined ? undefined : levelBudgetMs[level];
  const budgetMs = parseDuration(budget);
  if (budgetMs === undefined || budgetMs <= 0) throw new BelayError('parameter-invalid', `Plan ${id}: budget ${JSON.stringify(budget)} is no duration such as "10m"`);
  return budgetMs;
}

/** How long a step takes as it says itself. */
export function estimatedStepMs({ estimatedDuration }: RollbackStep): number | undefined {
  return typeof estimatedDuration === 'string' ? parseDuration(estimatedDuration) : estimatedDuration === undefined ? undefined : estimatedDuration * MINUTE_MS;
}

/** How long a step takes as it is documented: as it says itself, or at most its timeout. */
export function documentedStepMs(step: RollbackStep): number {
  return estimatedStepMs(step) ?? stepTimeoutMs(step);
}

export function stepTimeoutMs({ timeout }: RollbackStep): number {
  return Math.round(timeout * 1_000);
}

export function timeoutError(step: RollbackStep): BelayError {
  return new BelayError('step-timeout', `Step ${step.id} timed out after ${step.timeout} seconds`, { context: { step: step.id } });
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
