import { BelayError } from '../fault/belay-error.js';
import type { ExecutionStep, RollbackEvent, RollbackOutcome } from './rollback-event.js';
import type { RollbackContext } from './rollback-plan.js';
import { maxAttemptsOf } from './step-timing.js';

/** How far a step is. */
export type StepPhase =
  | { readonly type: 'pending' }
  /** An attempt has begun, and nothing is known of its end. */
  | { readonly type: 'attempting'; readonly attempt: number; readonly attemptId: string }
  /** Without `retryAt` the step will not be tried again. */
  | { readonly type: 'attempt-failed'; readonly attempt: number; readonly error: string; readonly timedOut: boolean; readonly failedAt: number; readonly retryAt?: number | undefined }
  | { readonly type: 'succeeded'; readonly how: 'executed' | 'already-so' }
  | { readonly type: 'described' }
  | { readonly type: 'skipped'; readonly reason: string }
  | { readonly type: 'failed'; readonly error: string; readonly continued: boolean }
  | { readonly type: 'parked'; readonly error: string };

export interface StepProgress {
  readonly step: ExecutionStep;
  readonly phase: StepPhase;
  /** How many of its attempts were cut off because Belay died. */
  readonly interruptions: number;
  /** What was there before the first attempt; absent where nothing was read. */
  readonly captured?: { readonly value: unknown } | undefined;
  /** Why it is not known what was there. */
  readonly captureProblem?: string | undefined;
  /** What a step that has not succeeded has left behind. */
  readonly left?: unknown;
}

/** All that decides what an execution does next; made from its events alone. */
export interface ExecutionState {
  readonly executionId: string;
  readonly planId: string;
  readonly planName: string;
  readonly startedAt: number;
  readonly dryRun: boolean;
  /** The execution whose changes this one puts back. */
  readonly undoes?: string | undefined;
  readonly budgetMs?: number | undefined;
  readonly overBudget: boolean;
  readonly context: RollbackContext;
  readonly steps: readonly StepProgress[];
  /** Set once somebody has asked for the execution to be cancelled. */
  readonly cancelReason?: string | undefined;
  readonly end?: { readonly outcome: RollbackOutcome; readonly error?: string | undefined } | undefined;
}

/** Folds the events of one execution, oldest first. Throws BelayError `conflict` when they are not one execution's. */
export function foldExecution(events: readonly RollbackEvent[]): ExecutionState {
  const [first, ...rest] = events;
  if (first?.type !== 'rollback-started') {
    throw new BelayError('conflict', `The journal of a rollback must begin with rollback-started, not with ${first?.type ?? 'nothing'}`);
  }
  const { executionId, planId, planName, at: startedAt, dryRun, undoes, budgetMs, context } = first;
  const steps = first.steps.map((step): StepProgress => ({ step, phase: { type: 'pending' }, interruptions: 0 }));
  return rest.reduce<ExecutionState>(applyEvent, { executionId, planId, planName, startedAt, dryRun, undoes, budgetMs, overBudget: false, context, steps });
}

/** The state after one more event. */
export function applyEvent(state: ExecutionState, event: RollbackEvent): ExecutionState {
  switch (event.type) {
    case 'step-attempt-started': {
      const { attempt, attemptId, captured, captureProblem } = event;
      const before = captured === undefined ? {} : { captured: { value: captured } };
      return withProgress(state, event.stepKey, () => ({ phase: { type: 'attempting', attempt, attemptId }, ...before, ...(captureProblem === undefined ? {} : { captureProblem }) }));
    }
    case 'step-attempt-failed': {
      const { attempt, error, timedOut, at: failedAt, retryAt, interrupted } = event;
      return withProgress(state, event.stepKey, ({ interruptions }) => ({
        phase: { type: 'attempt-failed', attempt, error, timedOut, failedAt, retryAt },
        interruptions: interruptions + (interrupted === true ? 1 : 0),
      }));
    }
    case 'step-succeeded':
      return withPhase(state, event.stepKey, { type: 'succeeded', how: event.how });
    case 'step-described':
      return withPhase(state, event.stepKey, { type: 'described' });
    case 'step-failed':
      return withProgress(state, event.stepKey, () => ({ phase: { type: 'failed', error: event.error, continued: event.continued }, left: event.left }));
    case 'step-parked':
      return withProgress(state, event.stepKey, () => ({ phase: { type: 'parked', error: event.error }, left: event.left }));
    case 'step-skipped':
      return withPhase(state, event.stepKey, { type: 'skipped', reason: event.reason });
    case 'rollback-over-budget':
      return { ...state, overBudget: true };
    case 'cancel-requested':
      return { ...state, cancelReason: state.cancelReason ?? event.reason };
    case 'rollback-ended':
      return { ...state, end: { outcome: event.outcome, error: event.error } };
    case 'attempt-settled-late':
    case 'rollback-resumed':
      return state;
    case 'rollback-started':
      throw new BelayError('conflict', `Rollback ${event.executionId} has started twice`, { context: { executionId: event.executionId } });
    default:
      return event satisfies never;
  }
}

/** Whether the step has attempts left after this one. Those in which Belay died do not count. */
export function hasAttemptsLeft({ step, interruptions }: StepProgress, attempt: number): boolean {
  return attempt - interruptions < maxAttemptsOf(step.step);
}

export function progressOf(state: ExecutionState, stepKey: string): StepProgress {
  const progress = state.steps.find(({ step }) => step.key === stepKey);
  if (progress === undefined) {
    throw new BelayError('conflict', `Rollback ${state.executionId} has no step ${stepKey}`, { context: { executionId: state.executionId, stepKey } });
  }
  return progress;
}

function withPhase(state: ExecutionState, stepKey: string, phase: StepPhase): ExecutionState {
  return withProgress(state, stepKey, () => ({ phase }));
}

function withProgress(state: ExecutionState, stepKey: string, change: (progress: StepProgress) => Partial<StepProgress>): ExecutionState {
  const changed = progressOf(state, stepKey);
  const progress = { ...changed, ...change(changed) };
  return { ...state, steps: state.steps.map((other) => (other === changed ? progress : other)) };
}
