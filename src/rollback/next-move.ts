import { type ExecutionState, hasAttemptsLeft, type StepPhase, type StepProgress } from './execution-state.js';
import type { ExecutionStep, RollbackEvent, RollbackOutcome } from './rollback-event.js';

/** What an execution does next. */
export type Move =
  | { readonly type: 'attempt'; readonly step: ExecutionStep; readonly attempt: number }
  | { readonly type: 'wait'; readonly until: number }
  /** Dry run: say what the step would do. */
  | { readonly type: 'describe'; readonly step: ExecutionStep }
  /** An attempt began and its end was never written: Belay died in it. Look at what it left before anything else. */
  | { readonly type: 'examine'; readonly step: ExecutionStep; readonly attemptId: string }
  /** Nothing to do but to write down what is decided. */
  | { readonly type: 'record'; readonly event: RollbackEvent }
  | { readonly type: 'finished'; readonly outcome: RollbackOutcome };

/**
 * Steps run in order, each until it has succeeded, failed or been parked. A failed step ends the execution unless it
 * has `continueOnError`; a parked one always does. Ask it again after every move; `now` in milliseconds since the epoch.
 */
export function nextMove(state: ExecutionState, now: number): Move {
  if (state.end !== undefined) return { type: 'finished', outcome: state.end.outcome };
  const current = state.steps.find(isOpen);
  if (current === undefined) return endOfSteps(state, now);

  const { step, phase } = current;
  switch (phase.type) {
    case 'pending':
      if (state.cancelReason !== undefined) return ended(state, now, 'cancelled', `Cancelled before step: ${step.step.id} - ${state.cancelReason}`);
      return state.dryRun ? { type: 'describe', step } : { type: 'attempt', step, attempt: 1 };
    case 'attempting':
      return { type: 'examine', step, attemptId: phase.attemptId };
    case 'attempt-failed':
      return afterFailedAttempt(state, current, phase, now);
    case 'failed':
      if (state.cancelReason !== undefined) return ended(state, now, 'cancelled', `Cancelled at step: ${step.step.id} - ${phase.error}`);
      return ended(state, now, 'failed', `Failed at step: ${step.step.id} - ${phase.error}`);
    case 'parked':
      return ended(state, now, 'parked', `Failed at step: ${step.step.id} - ${phase.error}`);
    default:
      return phase satisfies never;
  }
}

type FailedAttempt = Extract<StepPhase, { type: 'attempt-failed' }>;
type OpenStep = StepProgress & { readonly phase: Exclude<StepPhase, { type: 'succeeded' | 'described' }> };

/** Whether the execution has not got past this step. */
function isOpen(progress: StepProgress): progress is OpenStep {
  const { phase } = progress;
  return phase.type !== 'succeeded' && phase.type !== 'described' && !(phase.type === 'failed' && phase.continued);
}

function afterFailedAttempt(state: ExecutionState, progress: StepProgress, phase: FailedAttempt, now: number): Move {
  const { executionId } = state;
  const { step } = progress;
  const { attempt, error, retryAt, timedOut } = phase;
  if (state.cancelReason === undefined && retryAt !== undefined) {
    return retryAt > now ? { type: 'wait', until: retryAt } : { type: 'attempt', step, attempt: attempt + 1 };
  }
  const continued = step.step.continueOnError === true && state.cancelReason === undefined;
  const wouldHaveRetried = timedOut && hasAttemptsLeft(progress, attempt) && state.cancelReason === undefined;
  if (wouldHaveRetried && !continued && step.step.idempotent === false) {
    const words = `${error}. Whether it took effect is unknown, and it is declared not to be idempotent, so it is not tried again: look at its real state and decide`;
    return { type: 'record', event: { type: 'step-parked', executionId, at: now, stepKey: step.key, error: words } };
  }
  return { type: 'record', event: { type: 'step-failed', executionId, at: now, stepKey: step.key, error, continued } };
}

function endOfSteps(state: ExecutionState, now: number): Move {
  if (!state.dryRun) return ended(state, now, 'success');
  const undescribed = state.steps.flatMap(({ step, phase }) => (phase.type === 'failed' ? [`${step.step.id} - ${phase.error}`] : []));
  return ended(state, now, 'would-have', undescribed.length === 0 ? undefined : `Could not be described: ${undescribed.join('; ')}`);
}

function ended(state: ExecutionState, at: number, outcome: RollbackOutcome, error?: string): Move {
  return { type: 'record', event: { type: 'rollback-ended', executionId: state.executionId, at, outcome, error } };
}
