import type { RollbackContext, RollbackStep } from './rollback-plan.js';

/** What a step would change, from the real state: shown before it is done, and all that a dry run does. */
export interface StepDescription {
  /** One line: `flag new-checkout in flags.json: on → off`. */
  readonly summary: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Whether the wanted state is there already. `unknown`: it cannot be told. */
export type StepState = 'applied' | 'not-applied' | 'unknown';

/** One run of `execute`. A command executor puts `id` into the environment of what it starts, as BELAY_ATTEMPT_ID, so that `sweep` finds it again. */
export interface StepAttempt {
  /** Unique over all executions, durable before `execute` is called; a UUID, so it is safe in an environment, a header or a file name. */
  readonly id: string;
  readonly executionId: string;
  /** `planId/stepId`. */
  readonly stepKey: string;
  /** The first is 1. */
  readonly number: number;
  /** Takes what the work prints, while it is under way: people may look on. It is not kept. */
  readonly output?: ((text: string) => void) | undefined;
}

/**
 * Runs one step type. `execute(step, context)` alone is enough; templates in the step are filled beforehand.
 * Resolving means that the step is done *and was read back*; rejecting means that it failed. When `signal` aborts
 * (timeout, cancel), the work must really stop, and the promise settle, before anything else runs.
 */
export interface RollbackStepExecutor {
  /**
   * The manager always hands over `signal` and `attempt`; they are optional so that the shape of the user's documents is
   * enough. A function that counts fewer than three parameters (one with a default value ends the count) is taken not to
   * listen to the signal, and is waited for only a second once its time is over.
   */
  execute(step: RollbackStep, context: RollbackContext, signal?: AbortSignal, attempt?: StepAttempt): Promise<void>;
  /** True for a step that changes nothing and only lets time pass: a pause ends it at once instead of letting it end. */
  readonly onlyWaits?: boolean;
  /**
   * True for a step that waits for what outlives Belay, such as a person's word: that Belay stops in the middle of it is no
   * sign against it, and when Belay is told to stop, the wait is broken off and taken up again at the next start.
   */
  readonly keepsWaiting?: boolean;
  /** Reads the real state and tells what `execute` would do. Has no effect. */
  describe?(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<StepDescription>;
  /**
   * What must hold before the *first* step of the plan is begun, such as a backup that can be restored: asked of every
   * step then. Resolves to a line for people; rejecting means that the plan is not begun. Has no effect.
   */
  ready?(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Reads the real state after a crash, to decide between skipping, running again and parking. Rejecting is `unknown` with
   * its reason. Has no effect.
   */
  state?(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<StepState>;
  /**
   * Reads what `execute` is about to overwrite, as plain data and without secrets, so that it can be put back later.
   * It is journalled with the step's first attempt. Resolves to `undefined` where the step leaves nothing to put back;
   * rejects where what is there cannot be told. Has no effect.
   */
  capture?(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<unknown>;
  /**
   * The executor that puts back what `capture` has read: every method of it takes the same step and is about that. Its
   * `describe` and `execute` throw `state-drifted` where the state is no longer what the step had made of it, and
   * `undo-impossible` where it cannot be put back. `left`: what `capture` read after a step that did not succeed.
   */
  undoing?(captured: unknown, left?: unknown): RollbackStepExecutor;
  /**
   * Ends what an attempt left running when Belay itself died in the middle of it; called before `state`. `attemptId` is
   * the `id` of the attempt that `execute` was given. Rejecting means that something of it may still be at work: the
   * step is then parked for a person.
   */
  sweep?(attemptId: string): Promise<void>;
}
