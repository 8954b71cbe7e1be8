import { randomUUID } from 'node:crypto';
import { errorText } from '../fault/belay-error.js';
import type { Clock } from '../time/clock.js';
import { attemptEnded, interruptedAttemptEnded } from './attempt-end.js';
import { executionRecord } from './execution-record.js';
import { applyEvent, type ExecutionState, foldExecution } from './execution-state.js';
import type { ExecutorCalls } from './executor-calls.js';
import { nextMove } from './next-move.js';
import type { RollbackExecution } from './rollback-execution.js';
import type { ExecutionStep, RollbackEvent } from './rollback-event.js';
import type { RollbackJournal } from './rollback-journal.js';
import type { StepDescription } from './step-executor.js';

/** The state before a step is worth knowing, but a rollback in an emergency does not wait long for it. */
const DESCRIBE_BEFORE_LIMIT_MS = 5_000;

export interface ExecutionRunPorts {
  readonly journal: RollbackJournal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly calls: ExecutorCalls;
  /** When it aborts, nothing new is begun and the execution is left for `resume`. */
  readonly drain: AbortSignal;
  /** Hears of what fails where nobody waits for it. */
  readonly onBackgroundError: (error: unknown) => void;
}

/** How an execution is stopped from outside: `cancel` aborts the running attempt, `halt` lets it end and begins no other. */
export interface Stops {
  readonly cancel?: AbortSignal | undefined;
  readonly halt?: AbortSignal | undefined;
}

/**
 * Performs the moves of one execution. It decides nothing: `nextMove` and the functions of attempt-end.ts do. Every
 * event is durable before what it announces; when the journal rejects, so does `run`, and nothing further is done.
 */
export class ExecutionRun {
  readonly #ports: ExecutionRunPorts;
  readonly #cancel: AbortSignal | undefined;
  /** Either of the two: nothing new begins. */
  readonly #halt: AbortSignal | undefined;
  readonly #events: RollbackEvent[];
  #state: ExecutionState;
  #cancelWritten: Promise<void> | undefined;

  /** `events`: what is durable already, beginning with `rollback-started`. */
  constructor(events: readonly RollbackEvent[], ports: ExecutionRunPorts, { cancel, halt }: Stops = {}) {
    this.#events = [...events];
    this.#state = foldExecution(events);
    this.#ports = ports;
    this.#cancel = cancel;
    const stops = [cancel, halt].filter((signal) => signal !== undefined);
    this.#halt = stops.length === 0 ? undefined : AbortSignal.any(stops);
  }

  get state(): ExecutionState {
    return this.#state;
  }

  /** A copy of the public record as it is now. */
  record(): RollbackExecution {
    return executionRecord(this.#events);
  }

  async append(event: RollbackEvent): Promise<void> {
    await this.#ports.journal.append(event);
    this.#events.push(event);
    this.#state = applyEvent(this.#state, event);
  }

  /** Resolves at the execution's end, or once nothing is under way after `drain`. */
  async run(): Promise<void> {
    const onCancel = (): void => {
      // Written down at once, so that a crash while the step winds down does not forget it; a failure shows where `run` awaits it.
      this.#writeCancel().catch(() => undefined);
    };
    this.#halt?.addEventListener('abort', onCancel, { once: true });
    try {
      while (await this.#step());
      await this.#cancelWritten;
    } finally {
      this.#halt?.removeEventListener('abort', onCancel);
    }
  }

  /** Performs one move; false when there is none left. */
  async #step(): Promise<boolean> {
    await this.#noteCancel();
    const { clock, drain } = this.#ports;
    const move = nextMove(this.#state, clock.now());
    if (move.type === 'finished') return false;
    if (move.type === 'record') {
      await this.append(move.event);
      return true;
    }
    if (drain.aborted) return false;
    switch (move.type) {
      case 'attempt':
        await this.#attempt(move.step, move.attempt);
        return true;
      case 'wait':
        await this.#sleepUntil(move.until);
        return true;
      case 'describe':
        await this.#describe(move.step);
        return true;
      case 'examine':
        await this.#examine(move.step, move.attemptId);
        return true;
      default:
        return move satisfies never;
    }
  }

  async #attempt({ key, step }: ExecutionStep, number: number): Promise<void> {
    const { clock, calls, random, drain } = this.#ports;
    const { executionId, context } = this.#state;
    if (this.#nothingBegun() && !(await this.#mayBegin())) return;
    const description = number === 1 ? await this.#stateBefore(step) : undefined;
    if (this.#halt?.aborted === true || drain.aborted) return;

    const attempt = { id: randomUUID(), executionId, stepKey: key, number };
    await this.append({ type: 'step-attempt-started', executionId, at: clock.now(), stepKey: key, attempt: number, attemptId: attempt.id, description });
    const keepsWaiting = calls.executorOf(step.type).keepsWaiting === true;
    const told = calls.onlyWaits(step.type) ? this.#halt : this.#cancel;
    const cancel = keepsWaiting ? AbortSignal.any([drain, ...(told === undefined ? [] : [told])]) : told;
    const end = await calls.execute(step, context, attempt, { cancel, onLate: (error) => this.#appendLate(key, attempt.id, error) });
    // The wait is not over, it is left for the next start.
    if (keepsWaiting && end.type === 'cancelled' && !this.#isHalted()) return;
    await this.#noteCancel();
    await this.append(attemptEnded(this.#state, key, end, clock.now(), random()));
  }

  #nothingBegun(): boolean {
    return this.#state.steps.every(({ phase }) => phase.type === 'pending');
  }

  /** Asks every step what must hold before the first one; where one refuses, nothing is begun at all. */
  async #mayBegin(): Promise<boolean> {
    const { clock, calls } = this.#ports;
    const { executionId, context, steps } = this.#state;
    for (const { step: { step } } of steps) {
      const ready = await calls.ready(step, context, { cancel: this.#halt });
      if (this.#halt?.aborted === true) return false;
      if (ready === undefined || 'words' in ready) continue;
      const error = `Failed at step: ${step.id} - ${ready.error}; nothing has been begun`;
      await this.append({ type: 'rollback-ended', executionId, at: clock.now(), outcome: 'failed', error });
      return false;
    }
    return true;
  }

  /** For the journal, and for who wants to put it back; never a reason not to run the step. */
  async #stateBefore(step: ExecutionStep['step']): Promise<StepDescription | undefined> {
    const { calls } = this.#ports;
    if (calls.executorOf(step.type).describe === undefined) return undefined;
    const read = await calls.describe(step, this.#state.context, { timeoutMs: DESCRIBE_BEFORE_LIMIT_MS, cancel: this.#halt });
    return 'error' in read ? { summary: `the state before could not be read: ${read.error}` } : read.description;
  }

  async #describe({ key, step }: ExecutionStep): Promise<void> {
    const { clock, calls } = this.#ports;
    const { executionId, context } = this.#state;
    const read = await calls.describeWhole(step, context, { cancel: this.#halt });
    if (this.#halt?.aborted === true) return;
    const base = { executionId, at: clock.now(), stepKey: key };
    await this.append('error' in read ? { ...base, type: 'step-failed', error: read.error, continued: true } : { ...base, type: 'step-described', description: read.description });
  }

  async #examine({ key, step }: ExecutionStep, attemptId: string): Promise<void> {
    const finding = await this.#ports.calls.examine(step, this.#state.context, attemptId);
    await this.#noteCancel();
    await this.append(interruptedAttemptEnded(this.#state, key, finding, this.#ports.clock.now()));
  }

  #isHalted(): boolean {
    return this.#halt?.aborted === true;
  }

  async #sleepUntil(at: number): Promise<void> {
    const wakers = this.#halt === undefined ? [this.#ports.drain] : [this.#ports.drain, this.#halt];
    const wake = AbortSignal.any(wakers);
    try {
      await this.#ports.clock.sleepUntil(at, wake);
    } catch (error) {
      if (!wake.aborted) throw error;
    }
  }

  async #noteCancel(): Promise<void> {
    if (this.#halt?.aborted === true && this.#state.end === undefined) await this.#writeCancel();
  }

  #writeCancel(): Promise<void> {
    const { executionId } = this.#state;
    this.#cancelWritten ??= this.append({ type: 'cancel-requested', executionId, at: this.#ports.clock.now(), reason: cancelWords(this.#halt?.reason) });
    return this.#cancelWritten;
  }

  #appendLate(stepKey: string, attemptId: string, error: string | undefined): void {
    const { executionId } = this.#state;
    this.append({ type: 'attempt-settled-late', executionId, at: this.#ports.clock.now(), stepKey, attemptId, error }).catch(this.#ports.onBackgroundError);
  }
}

/** `cancelled`, with the reason where one was given. */
function cancelWords(reason: unknown): string {
  const given = reason instanceof DOMException && reason.name === 'AbortError' ? '' : errorText(reason);
  if (given === '') return 'cancelled';
  return /^cancel/i.test(given) ? given : `cancelled: ${given}`;
}
