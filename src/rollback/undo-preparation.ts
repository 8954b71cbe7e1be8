import { BelayError } from '../fault/belay-error.js';
import { type ExecutionState, foldExecution } from './execution-state.js';
import type { ExecutorCalls } from './executor-calls.js';
import { withoutClass } from './failure-text.js';
import type { PlannedStep } from './planned-step.js';
import type { ExecutionStep } from './rollback-event.js';
import type { RollbackContext } from './rollback-plan.js';
import type { RollbackJournal } from './rollback-journal.js';
import { undoSteps } from './undo-steps.js';

/** What an undo would run. */
export interface PreparedUndo<Step extends ExecutionStep = PlannedStep> {
  readonly planId: string;
  readonly planName: string;
  readonly steps: readonly Step[];
}

/** `refused` where somebody has changed since what the rollback had made. */
type LookedAt = PlannedStep & { readonly refused?: string };

/** Finds out what an undo would put back, and whether it may begin. Reads; changes and writes nothing. */
export class UndoPreparation {
  readonly #journal: RollbackJournal;
  readonly #calls: ExecutorCalls;

  constructor(journal: RollbackJournal, calls: ExecutorCalls) {
    this.#journal = journal;
    this.#calls = calls;
  }

  /** The undo, every step of it looked at. Rejects as `RollbackManager.undo` does before it begins. */
  async prepare(executionId: string, context: RollbackContext, signal: AbortSignal | undefined): Promise<PreparedUndo> {
    const undo = await this.look(executionId, context, signal);
    const drifted = undo.steps.filter(({ refused }) => refused !== undefined);
    if (drifted.length > 0) {
      throw new BelayError('state-drifted', `Rollback ${executionId} is not undone, and nothing was touched: ${drifted.map(({ step, refused }) => `step ${step.id}: ${refused ?? ''}`).join('; ')}`, {
        context: { executionId, steps: drifted.map(({ key }) => key) },
      });
    }
    if (undo.steps.every(({ skip }) => skip !== undefined)) {
      throw new BelayError('undo-impossible', `Rollback ${executionId} leaves nothing that could be put back: ${undo.steps.map(({ step, skip }) => `step ${step.id}: ${skip ?? ''}`).join('; ')}`, { context: { executionId } });
    }
    return undo;
  }

  /** The same with what stands in its way told step by step. Rejects with `not-found`, `conflict`, `executor-missing`, and with the journal's own error. */
  async look(executionId: string, context: RollbackContext, signal: AbortSignal | undefined): Promise<PreparedUndo<LookedAt>> {
    const undo = await this.#written(executionId, signal);
    const steps: LookedAt[] = [];
    for (const step of undo.steps) {
      signal?.throwIfAborted();
      steps.push(step.skip === undefined ? await this.#lookAt(step, context, signal) : step);
    }
    return { ...undo, steps };
  }

  async #lookAt(step: ExecutionStep, context: RollbackContext, signal: AbortSignal | undefined): Promise<LookedAt> {
    const read = await this.#calls.describe(step, context, { cancel: signal });
    if ('description' in read) return { ...step, ...read };
    const why = withoutClass(read.error);
    return read.code === 'undo-impossible' ? { ...step, skip: why } : { ...step, refused: why };
  }

  /** As far as the journal tells. */
  async #written(executionId: string, signal: AbortSignal | undefined): Promise<PreparedUndo<ExecutionStep>> {
    const conflict = (words: string): BelayError => new BelayError('conflict', `Rollback ${executionId} ${words}`, { context: { executionId } });
    const events = await this.#journal.eventsOf(executionId);
    if (events.length === 0) throw new BelayError('not-found', `Rollback ${executionId} not found`, { context: { executionId } });
    const state = foldExecution(events);
    if (state.undoes !== undefined) throw conflict('is an undo itself: to have its changes back, run its plan again');
    if (state.dryRun) throw conflict('was a dry run and has changed nothing');
    if (state.end === undefined) throw conflict('has not ended; cancel it first, or wait');
    const earlier: ExecutionState[] = [];
    for (const id of await this.#journal.undosOf(executionId)) earlier.push(foldExecution(await this.#journal.eventsOf(id)));
    const standing = earlier.find(({ end }) => end === undefined || end.outcome === 'success');
    if (standing !== undefined) throw conflict(`${standing.end === undefined ? 'is being' : 'has been'} undone, by ${standing.executionId}`);
    signal?.throwIfAborted();
    const steps = undoSteps(state, earlier);
    for (const { step } of steps) this.#calls.executorOf(step.type);
    return { planId: state.planId, planName: state.planName, steps };
  }
}
