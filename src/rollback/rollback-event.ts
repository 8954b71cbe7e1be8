import type { RollbackContext, RollbackStep } from './rollback-plan.js';
import type { StepDescription } from './step-executor.js';

/** A step inside one execution: `key` is `planId/stepId`, unique even where dependencies repeat step ids. */
export interface ExecutionStep {
  readonly key: string;
  readonly planId: string;
  /** Templates over the context are filled; `${env:…}` and `${file:…}` are still references. */
  readonly step: RollbackStep;
  /** Why it is left out, where that is known from the beginning. */
  readonly skip?: string | undefined;
  /** In an undo: what the step had changed, and is to be put back. */
  readonly undo?: StepUndo | undefined;
}

/** What is known of the state that a step has changed. */
export interface StepUndo {
  /** What was there before its first attempt. */
  readonly captured: unknown;
  /** What a step that did not succeed has left, where it could be read. */
  readonly left?: unknown;
}

export type RollbackOutcome = 'success' | 'failed' | 'parked' | 'cancelled' | 'would-have';

/**
 * All that happens to one execution. Each is durable before the effect that it announces. `at`: milliseconds since the
 * epoch. `error`: what was thrown as `String(error)` writes it (`Error: connection refused`), secrets blanked.
 */
export type RollbackEvent =
  | { readonly type: 'rollback-started'; readonly executionId: string; readonly at: number; readonly planId: string; readonly planName: string; readonly dryRun: boolean; readonly context: RollbackContext; readonly steps: readonly ExecutionStep[]; readonly budgetMs?: number | undefined; readonly estimatedMs?: number | undefined; readonly undoes?: string | undefined }
  /** `captured`: what the step is about to overwrite, read before its first attempt; `captureProblem`: why that is not known. */
  | { readonly type: 'step-attempt-started'; readonly executionId: string; readonly at: number; readonly stepKey: string; readonly attempt: number; readonly attemptId: string; readonly description?: StepDescription | undefined; readonly captured?: unknown; readonly captureProblem?: string | undefined }
  /** `interrupted`: Belay itself died in it, so it uses up none of the step's attempts. */
  | { readonly type: 'step-attempt-failed'; readonly executionId: string; readonly at: number; readonly stepKey: string; readonly attempt: number; readonly error: string; readonly timedOut: boolean; readonly interrupted?: boolean | undefined; readonly retryAt?: number | undefined }
  | { readonly type: 'step-succeeded'; readonly executionId: string; readonly at: number; readonly stepKey: string; readonly how: 'executed' | 'already-so' }
  /** `refused`: why the plan would not begin because of this step, such as a backup that is too old. */
  | { readonly type: 'step-described'; readonly executionId: string; readonly at: number; readonly stepKey: string; readonly description: StepDescription; readonly refused?: string | undefined }
  /** `left`: what the step has left, read back so that it can be told from what others do later. */
  | { readonly type: 'step-failed'; readonly executionId: string; readonly at: number; readonly stepKey: string; readonly error: string; readonly continued: boolean; readonly left?: unknown }
  | { readonly type: 'step-parked'; readonly executionId: string; readonly at: number; readonly stepKey: string; readonly error: string; readonly left?: unknown }
  /** Its condition does not hold, or in an undo there is nothing to put back. */
  | { readonly type: 'step-skipped'; readonly executionId: string; readonly at: number; readonly stepKey: string; readonly reason: string }
  /** The steps take longer than the plan's budget. Said once, and it stops nothing. */
  | { readonly type: 'rollback-over-budget'; readonly executionId: string; readonly at: number; readonly budgetMs: number; readonly elapsedMs: number }
  /** An executor that had not stopped when its attempt was given up has settled after all: `error` when it rejected. Comes after the step's end, even after the rollback's. */
  | { readonly type: 'attempt-settled-late'; readonly executionId: string; readonly at: number; readonly stepKey: string; readonly attemptId: string; readonly error?: string | undefined }
  /** `reason` reads `cancelled by ana` or `cancelled: …`. */
  | { readonly type: 'cancel-requested'; readonly executionId: string; readonly at: number; readonly reason: string }
  | { readonly type: 'rollback-resumed'; readonly executionId: string; readonly at: number }
  | { readonly type: 'rollback-ended'; readonly executionId: string; readonly at: number; readonly outcome: RollbackOutcome; readonly error?: string | undefined };
