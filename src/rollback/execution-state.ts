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
  | { readonly type: 'attempt-failed'; readonly attempt: number; readonly error: string; readonly timedOut: boolean; readonly retryAt?: number | undefined }
  | { readonly type: 'succeeded'; readonly how: 'executed' | 'already-so' }
  | { readonly type: 'described' }
  | { readonly type: 'failed'; readonly error: string; readonly continued: boolean }
  | { readonly type: 'parked'; readonly error: string };

export interface StepProgress {
  readonly step: ExecutionStep;
  readonly phase: StepPhase;
  /** How many of its attempts were cut off because Belay died. */
  readonly interruptions: number;
}

/** All that decides what an execution does next; made from its events alone. */
export interface ExecutionState {
  readonly executionId: string;
  readonly planId: string;
  readonly dryRun: boolean;
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
  const { executionId, planId, dryRun, context } = first;
  const steps = first.steps.map((step): StepProgress => ({ step, phase: { type: 'pending' }, interruptions: 0 }));
  return rest.reduce<ExecutionState>(applyEvent, { executionId, planId, dryRun, context, steps });
}

/** The state after one more event. */
export function applyEvent(state: ExecutionState, event: RollbackEvent): ExecutionState {
  switch (event.type) {
    case 'step-attempt-started':
      return withPhase(state, event.stepKey, { type: 'attempting', attempt: event.attempt, attemptId: event.attemptId });
    case 'step-attempt-failed': {
      const { attempt, error, timedOut, retryAt } = event;
      return withPhase(state, event.stepKey, { type: 'attempt-failed', attempt, error, timedOut, retryAt }, event.interrupted === true ? 1 : 0);
    }
    case 'step-succeeded':
      return withPhase(state, event.stepKey, { type: 'succeeded', how: event.how });
    case 'step-described':
      return withPhase(state, event.stepKey, { type: 'described' });
    case 'step-failed':
      return withPhase(state, event.stepKey, { type: 'failed', error: event.error, continued: event.continued });
    case 'step-parked':
      return withPhase(state, event.stepKey, { type: 'parked', error: event.error });
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

function withPhase(state: ExecutionState, stepKey: string, phase: StepPhase, interruptionsMore = 0): ExecutionState {
  const changed = progressOf(state, stepKey);
  const progress = { ...changed, phase, interruptions: changed.interruptions + interruptionsMore };
  return { ...state, steps: state.steps.map((other) => (other === changed ? progress : other)) };
}
