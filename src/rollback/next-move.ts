import { type ExecutionState, hasAttemptsLeft, type StepPhase, type StepProgress } from './execution-state.js';
import type { ExecutionStep, RollbackEvent, RollbackOutcome } from './rollback-event.js';
import type { StepOutcome } from './rollback-plan.js';
import { judgeCondition } from './step-condition.js';

/** What an execution does next. */
export type Move =
  | { readonly type: 'attempt'; readonly step: ExecutionStep; readonly attempt: number }
  /** Until the instant, or until something that is under way has ended, whichever comes first. */
  | { readonly type: 'wait'; readonly until?: number | undefined }
  /** Dry run: say what the step would do. */
  | { readonly type: 'describe'; readonly step: ExecutionStep }
  /** An attempt began and its end was never written: Belay died in it. Look at what it left before anything else. */
  | { readonly type: 'examine'; readonly step: ExecutionStep; readonly attemptId: string }
  /** Nothing to do but to write down what is decided. */
  | { readonly type: 'record'; readonly event: RollbackEvent }
  | { readonly type: 'finished'; readonly outcome: RollbackOutcome };

/** How many steps of a group are at work at the same time. */
export const MOST_STEPS_AT_ONCE = 8;

const nothing: ReadonlySet<string> = new Set();

/**
 * Steps run in order, each until it has succeeded, failed, been skipped or been parked; those of a group side by side. A
 * failed step ends the execution unless it has `continueOnError`; a parked one always does. In a group, either lets what
 * is under way end and begins nothing further. Ask it again after every move, and whenever something under way has
 * ended. `underWay`: the keys of the steps that this process is at work on; `now` in milliseconds since the epoch.
 */
export function nextMove(state: ExecutionState, now: number, underWay: ReadonlySet<string> = nothing): Move {
  if (state.end !== undefined) return { type: 'finished', outcome: state.end.outcome };
  const present = presentSteps(state);
  if (present.length === 0) return endOfSteps(state, now);

  const stopped = state.cancelReason !== undefined || present.some(({ phase }) => phase.type === 'failed' || phase.type === 'parked');
  const wakeAt: number[] = [];
  for (const progress of present) {
    if (underWay.has(progress.step.key)) continue;
    const move = moveOf(state, progress, { now, stopped, isFull: underWay.size >= MOST_STEPS_AT_ONCE });
    if (move === undefined) continue;
    if (move.type !== 'wait') return move;
    if (move.until !== undefined) wakeAt.push(move.until);
  }
  if (underWay.size > 0 || wakeAt.length > 0) return { type: 'wait', ...(wakeAt.length === 0 ? {} : { until: Math.min(...wakeAt) }) };
  return stoppedBy(state, present, now);
}

type FailedAttempt = Extract<StepPhase, { type: 'attempt-failed' }>;
type OpenStep = StepProgress & { readonly phase: Exclude<StepPhase, { type: 'succeeded' | 'described' | 'skipped' }> };

/** Whether the execution has not got past this step. */
function isOpen(progress: StepProgress): progress is OpenStep {
  const { phase } = progress;
  return phase.type !== 'succeeded' && phase.type !== 'described' && phase.type !== 'skipped' && !(phase.type === 'failed' && phase.continued);
}

/** The first open step, with the open ones of its group. */
function presentSteps({ steps, dryRun }: ExecutionState): readonly OpenStep[] {
  const first = steps.findIndex(isOpen);
  if (first === -1) return [];
  const { planId, step: { group } } = (steps[first] as OpenStep).step;
  const rest = steps.slice(first);
  const beyond = rest.findIndex(({ step }) => step.planId !== planId || step.step.group !== group);
  return (group === undefined || dryRun ? rest.slice(0, 1) : rest.slice(0, beyond === -1 ? undefined : beyond)).filter(isOpen);
}

interface Moment {
  readonly now: number;
  /** Nothing further is begun. */
  readonly stopped: boolean;
  /** As many steps are at work as may be. */
  readonly isFull: boolean;
}

/** What is to be done about one step now; `undefined` where there is nothing. */
function moveOf(state: ExecutionState, progress: OpenStep, moment: Moment): Move | undefined {
  const { step, phase } = progress;
  switch (phase.type) {
    case 'pending': {
      if (moment.stopped) return undefined;
      const reason = skipReason(state, step);
      if (reason !== undefined) return { type: 'record', event: { type: 'step-skipped', executionId: state.executionId, at: moment.now, stepKey: step.key, reason } };
      if (moment.isFull) return undefined;
      return state.dryRun ? { type: 'describe', step } : { type: 'attempt', step, attempt: 1 };
    }
    case 'attempting':
      return { type: 'examine', step, attemptId: phase.attemptId };
    case 'attempt-failed': {
      if (moment.stopped || phase.retryAt === undefined) return afterLastAttempt(state, progress, phase, moment.now);
      // Before the failure: the clock was set back, and the wait that it makes of the delay could be hours long.
      if (phase.retryAt > moment.now && moment.now >= phase.failedAt) return { type: 'wait', until: phase.retryAt };
      return moment.isFull ? undefined : { type: 'attempt', step, attempt: phase.attempt + 1 };
    }
    case 'failed':
    case 'parked':
      return undefined;
    default:
      return phase satisfies never;
  }
}

function skipReason(state: ExecutionState, { skip, planId, step: { when } }: ExecutionStep): string | undefined {
  if (skip !== undefined || when === undefined) return skip;
  const { holds, why } = judgeCondition(when, state.context, (id) => outcomeOf(state, `${planId}/${id}`));
  return holds === true ? undefined : why;
}

/** In a dry run nothing fails: what cannot be described might well succeed. */
function outcomeOf({ steps, dryRun }: ExecutionState, key: string): StepOutcome | undefined {
  const phase = steps.find(({ step }) => step.key === key)?.phase;
  switch (phase?.type) {
    case 'succeeded':
    case 'described':
      return 'success';
    case 'failed':
      return dryRun ? 'success' : 'failed';
    case 'skipped':
      return 'skipped';
    default:
      return undefined;
  }
}

function afterLastAttempt(state: ExecutionState, progress: StepProgress, { attempt, error, timedOut }: FailedAttempt, now: number): Move {
  const { executionId } = state;
  const { step } = progress;
  const continued = step.step.continueOnError === true && state.cancelReason === undefined;
  const wouldHaveRetried = timedOut && hasAttemptsLeft(progress, attempt) && state.cancelReason === undefined;
  if (wouldHaveRetried && !continued && step.step.idempotent === false) {
    const words = `${error}. Whether it took effect is unknown, and it is declared not to be idempotent, so it is not tried again: look at its real state and decide`;
    return { type: 'record', event: { type: 'step-parked', executionId, at: now, stepKey: step.key, error: words } };
  }
  return { type: 'record', event: { type: 'step-failed', executionId, at: now, stepKey: step.key, error, continued } };
}

/** The end of an execution in which nothing is under way and nothing may be begun. */
function stoppedBy(state: ExecutionState, present: readonly OpenStep[], now: number): Move {
  const errors = (type: 'failed' | 'parked'): readonly string[] =>
    present.flatMap(({ step, phase }) => (phase.type === type ? [`${step.step.id} - ${phase.error}`] : []));
  const [parked, failed] = [errors('parked'), errors('failed')];
  if (parked.length > 0) return ended(state, now, 'parked', `Failed at step: ${[...parked, ...failed].join('; ')}`);
  if (failed.length === 0) return ended(state, now, 'cancelled', `Cancelled before step: ${present[0]?.step.step.id ?? ''} - ${state.cancelReason ?? ''}`);
  const isCancelled = state.cancelReason !== undefined;
  return ended(state, now, isCancelled ? 'cancelled' : 'failed', `${isCancelled ? 'Cancelled' : 'Failed'} at step: ${failed.join('; ')}`);
}

function endOfSteps(state: ExecutionState, now: number): Move {
  if (!state.dryRun) return ended(state, now, 'success');
  const undescribed = state.steps.flatMap(({ step, phase }) => (phase.type === 'failed' ? [`${step.step.id} - ${phase.error}`] : []));
  return ended(state, now, 'would-have', undescribed.length === 0 ? undefined : `Could not be described: ${undescribed.join('; ')}`);
}

function ended(state: ExecutionState, at: number, outcome: RollbackOutcome, error?: string): Move {
  return { type: 'record', event: { type: 'rollback-ended', executionId: state.executionId, at, outcome, error } };
}
