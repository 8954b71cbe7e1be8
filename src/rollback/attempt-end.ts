import { formatDuration } from '../time/duration.js';
import { type ExecutionState, hasAttemptsLeft, progressOf, type StepProgress } from './execution-state.js';
import { failureText } from './failure-text.js';
import type { ExecutionStep, RollbackEvent } from './rollback-event.js';
import type { StepState } from './step-executor.js';
import { retryDelayMs, timeoutError } from './step-timing.js';

const MOST_INTERRUPTIONS = 3;

/**
 * How an attempt ended. `settled` is false where the executor had not stopped `graceMs` after its signal aborted;
 * `detail` is what it said when it stopped, where that is more than the signal's own reason.
 */
export type AttemptEnd =
  | { readonly type: 'done' }
  | { readonly type: 'threw'; readonly error: string }
  | { readonly type: 'timed-out' | 'cancelled'; readonly settled: boolean; readonly detail?: string | undefined; readonly graceMs: number };

/** What was found of an attempt in which Belay died. */
export type Finding =
  | { readonly type: 'state'; readonly state: StepState; readonly error?: string | undefined; readonly keepsWaiting?: boolean | undefined }
  /** What the attempt left running could not be ended. */
  | { readonly type: 'not-swept'; readonly error: string };

/**
 * The event that the end of an attempt amounts to, with the decision whether and when to try again. A step is never
 * tried again while an earlier attempt may still be at work. `random`: 0 up to 1, for the jitter.
 */
export function attemptEnded(state: ExecutionState, stepKey: string, end: AttemptEnd, now: number, random: number): RollbackEvent {
  const { progress, attempt } = attemptUnderWay(state, stepKey);
  const { step, interruptions } = progress;
  const { executionId } = state;
  if (end.type === 'done') return { type: 'step-succeeded', executionId, at: now, stepKey, how: 'executed' };

  const timedOut = end.type === 'timed-out';
  const mayRetry =
    state.cancelReason === undefined &&
    hasAttemptsLeft(progress, attempt) &&
    (end.type === 'threw' || (timedOut && end.settled && step.step.idempotent !== false));
  const retryAt = mayRetry ? now + retryDelayMs(step.step, attempt - interruptions, random) : undefined;
  return { type: 'step-attempt-failed', executionId, at: now, stepKey, attempt, error: errorOf(step, end, state.cancelReason), timedOut, retryAt };
}

/**
 * The event that follows from looking at an attempt in which Belay died. The wanted state is there: succeeded. It is
 * not: run again at once. Unknown: run again only what is idempotent, else park. The death was Belay's and not the step's,
 * so it uses up none of `maxAttempts`; but a step in which Belay has died three times may be what kills it, and is parked.
 */
export function interruptedAttemptEnded(state: ExecutionState, stepKey: string, finding: Finding, now: number): RollbackEvent {
  const { progress, attempt } = attemptUnderWay(state, stepKey);
  const { step, interruptions } = progress;
  const { executionId } = state;
  const base = { executionId, at: now, stepKey };
  const parked = (error: string): RollbackEvent => ({ ...base, type: 'step-parked', error });

  if (finding.type === 'not-swept') {
    return parked(`Belay stopped in the middle of this step, and what it left running could not be ended (${finding.error}): end it, then decide whether the step is needed`);
  }
  if (finding.state === 'applied') return { ...base, type: 'step-succeeded', how: 'already-so' };
  if (state.cancelReason !== undefined) {
    return { ...base, type: 'step-attempt-failed', attempt, error: `Error: ${state.cancelReason}`, timedOut: false, interrupted: true };
  }
  if (finding.state === 'unknown' && step.step.idempotent === false) {
    const why = finding.error === undefined ? '' : ` (${finding.error})`;
    return parked(`Belay stopped in the middle of this step, whether it took effect is unknown${why}, and it is declared not to be idempotent, so it is not run again: look at its real state and decide`);
  }
  if (interruptions + 1 >= MOST_INTERRUPTIONS && finding.keepsWaiting !== true) {
    return parked(`Belay has stopped ${interruptions + 1} times in the middle of this step: make sure that the step is not what stops it, then decide`);
  }
  return { ...base, type: 'step-attempt-failed', attempt, error: 'Error: Belay stopped in the middle of this attempt', timedOut: false, interrupted: true, retryAt: now };
}

function attemptUnderWay(state: ExecutionState, stepKey: string): { readonly progress: StepProgress; readonly attempt: number } {
  const progress = progressOf(state, stepKey);
  if (progress.phase.type !== 'attempting') throw new Error(`Step ${stepKey} has no attempt under way`);
  return { progress, attempt: progress.phase.attempt };
}

function errorOf(step: ExecutionStep, end: Exclude<AttemptEnd, { type: 'done' }>, cancelReason = 'cancelled'): string {
  if (end.type === 'threw') return end.error;
  const cause = end.type === 'timed-out' ? failureText(timeoutError(step.step)) : `Error: ${cancelReason}`;
  if (end.settled) return end.detail === undefined ? cause : `${cause} (${end.detail})`;
  return `${cause}; it has not stopped ${formatDuration(end.graceMs)} after it was told to, so it may still be at work and is not tried again`;
}
