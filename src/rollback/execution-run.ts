import { randomUUID } from 'node:crypto';
import { isAbortError } from '../fault/abort-error.js';
import { errorText } from '../fault/belay-error.js';
import type { Clock } from '../time/clock.js';
import { attemptEnded, type AttemptEnd, interruptedAttemptEnded } from './attempt-end.js';
import { executionRecord } from './execution-record.js';
import { applyEvent, type ExecutionState, foldExecution, progressOf } from './execution-state.js';
import type { ExecutorCalls, ReadError } from './executor-calls.js';
import { withoutClass } from './failure-text.js';
import { nextMove } from './next-move.js';
import type { RollbackExecution } from './rollback-execution.js';
import type { ExecutionStep, RollbackEvent } from './rollback-event.js';
import type { RollbackJournal } from './rollback-journal.js';
import type { StepAttempt } from './step-executor.js';

/** The state before a step is worth knowing, but a rollback in an emergency does not wait long for it. */
const READ_STATE_LIMIT_MS = 5_000;

export interface ExecutionRunPorts {
  readonly journal: RollbackJournal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly calls: ExecutorCalls;
  /** When it aborts, nothing new is begun and the execution is left for `resume`. */
  readonly drain: AbortSignal;
  /** Hears of what fails where nobody waits for it. */
  readonly onBackgroundError: (error: unknown) => void;
  readonly onOutput?: ((of: AttemptOutput, text: string) => void) | undefined;
}

/** Which attempt has printed something. */
export type AttemptOutput = Pick<StepAttempt, 'executionId' | 'stepKey' | 'number'>;

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
  readonly #underWay = new Map<string, Promise<void>>();
  #state: ExecutionState;
  #written: Promise<void> = Promise.resolve();
  /** Why something that was under way could not be written down. */
  #failure: { readonly error: unknown } | undefined;
  /** Whether what must hold before the first step does; steps of a group ask together. */
  #beginning: Promise<boolean> | undefined;
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

  /** One after another, in the order in which they are asked for. Once the journal has refused an event, it takes no further one. */
  append(event: RollbackEvent): Promise<void> {
    return this.#appendIf(() => event);
  }

  /** Resolves at the execution's end, or once nothing is under way after `drain`. */
  async run(): Promise<void> {
    const onCancel = (): void => {
      // Written down at once, so that a crash while the step winds down does not forget it; a failure shows where `run` awaits it.
      this.#writeCancel().catch(() => undefined);
    };
    this.#halt?.addEventListener('abort', onCancel, { once: true });
    const over = new AbortController();
    const watchingBudget = this.#watchBudget(over.signal);
    try {
      while (await this.#step());
      await this.#cancelWritten;
    } finally {
      // Nothing runs on behind the journal's back.
      await Promise.allSettled(this.#underWay.values());
      over.abort();
      await watchingBudget;
      this.#halt?.removeEventListener('abort', onCancel);
    }
  }

  /** Performs or begins one move; false when there is none left. */
  async #step(): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#noteCancel();
    const { clock, drain } = this.#ports;
    const move = nextMove(this.#state, clock.now(), new Set(this.#underWay.keys()));
    if (move.type === 'finished') return false;
    if (move.type === 'record') {
      await this.append(await this.#withWhatIsLeft(move.event));
      return true;
    }
    if (drain.aborted) {
      if (this.#underWay.size === 0) return false;
      await this.#somethingEnds();
      return true;
    }
    switch (move.type) {
      case 'attempt':
        this.#begin(move.step, () => this.#attempt(move.step, move.attempt));
        return true;
      case 'wait':
        await this.#somethingEnds(move.until);
        return true;
      case 'describe':
        this.#begin(move.step, () => this.#describe(move.step));
        return true;
      case 'examine':
        this.#begin(move.step, () => this.#examine(move.step, move.attemptId));
        return true;
      default:
        return move satisfies never;
    }
  }

  #begin({ key }: ExecutionStep, work: () => Promise<void>): void {
    const working = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, working);
  }

  async #attempt(step: ExecutionStep, number: number): Promise<void> {
    const { clock, calls, random, drain, onOutput } = this.#ports;
    const { executionId, context } = this.#state;
    if (this.#nothingBegun() && !(await (this.#beginning ??= this.#mayBegin()))) return;
    const { key: stepKey } = step;
    const before = number === 1 ? await this.#stateBefore(step) : {};
    if (this.#halt?.aborted === true || drain.aborted) return;

    const of: AttemptOutput = { executionId, stepKey, number };
    const attempt: StepAttempt = { id: randomUUID(), ...of, output: onOutput === undefined ? undefined : (text) => onOutput(of, text) };
    await this.append({ type: 'step-attempt-started', executionId, at: clock.now(), stepKey, attempt: number, attemptId: attempt.id, ...before });
    const keepsWaiting = calls.executorOf(step.step.type).keepsWaiting === true;
    const told = calls.onlyWaits(step) ? this.#halt : this.#cancel;
    const cancel = keepsWaiting ? AbortSignal.any([drain, ...(told === undefined ? [] : [told])]) : told;
    // While the line was being written, it may have been stopped; people believe from then on that nothing begins any more.
    const end: AttemptEnd = this.#isHalted() ? NOT_BEGUN : await calls.execute(step, context, attempt, { cancel, onLate: (error) => this.#appendLate(stepKey, attempt.id, error) });
    // The wait is not over, it is left for the next start.
    if (keepsWaiting && end.type === 'cancelled' && !this.#isHalted()) return;
    await this.#noteCancel();
    await this.append(attemptEnded(this.#state, stepKey, end, clock.now(), random()));
  }

  #nothingBegun(): boolean {
    return this.#state.steps.every(({ phase }) => phase.type === 'pending');
  }

  /** Asks every step what must hold before the first one; where one refuses, nothing is begun at all. */
  async #mayBegin(): Promise<boolean> {
    const { clock, calls } = this.#ports;
    const { executionId, context, steps } = this.#state;
    for (const { step } of steps) {
      if (step.skip !== undefined) continue;
      const ready = await calls.ready(step, context, { cancel: this.#halt });
      if (this.#halt?.aborted === true) return false;
      if (ready === undefined || 'words' in ready) continue;
      const error = `Failed at step: ${step.step.id} - ${ready.error}; nothing has been begun`;
      await this.append({ type: 'rollback-ended', executionId, at: clock.now(), outcome: 'failed', error });
      return false;
    }
    return true;
  }

  /** For the journal, and for who wants to put it back; never a reason not to run the step. */
  async #stateBefore(step: ExecutionStep): Promise<Pick<Extract<RollbackEvent, { type: 'step-attempt-started' }>, 'description' | 'captured' | 'captureProblem'>> {
    const { calls } = this.#ports;
    const { context, undoes } = this.#state;
    const bounds = { timeoutMs: READ_STATE_LIMIT_MS, cancel: this.#halt };
    const [description, capture] = await Promise.all([
      calls.canDescribe(step) ? calls.describe(step, context, bounds) : undefined,
      undoes === undefined ? calls.capture(step, context, bounds) : undefined,
    ]);
    return {
      ...(description === undefined ? {} : { description: 'error' in description ? { summary: `the state before could not be read: ${description.error}` } : description.description }),
      ...(capture === undefined ? {} : 'error' in capture ? { captureProblem: captureProblem(capture) } : { captured: capture.captured }),
    };
  }

  /** A step that fails may have changed something all the same; what it left is read, so that an undo can tell it from what others do later. */
  async #withWhatIsLeft(event: RollbackEvent): Promise<RollbackEvent> {
    if (event.type !== 'step-failed' && event.type !== 'step-parked') return event;
    const { step, captured } = progressOf(this.#state, event.stepKey);
    if (captured === undefined || this.#ports.drain.aborted) return event;
    const left = await this.#ports.calls.capture(step, this.#state.context, { timeoutMs: READ_STATE_LIMIT_MS });
    return left === undefined || 'error' in left ? event : { ...event, left: left.captured };
  }

  async #describe(step: ExecutionStep): Promise<void> {
    const { clock, calls } = this.#ports;
    const { executionId, context } = this.#state;
    const read = await calls.describeWhole(step, context, { cancel: this.#halt });
    if (this.#halt?.aborted === true) return;
    const base = { executionId, at: clock.now(), stepKey: step.key };
    await this.append('error' in read ? { ...base, type: 'step-failed', error: read.error, continued: true } : { ...base, type: 'step-described', ...read });
  }

  async #examine(step: ExecutionStep, attemptId: string): Promise<void> {
    const finding = await this.#ports.calls.examine(step, this.#state.context, attemptId);
    await this.#noteCancel();
    await this.append(await this.#withWhatIsLeft(interruptedAttemptEnded(this.#state, step.key, finding, this.#ports.clock.now())));
  }

  #isHalted(): boolean {
    return this.#halt?.aborted === true;
  }

  /** Until something that is under way has ended, the instant has come, or the execution is cancelled or drained. */
  async #somethingEnds(until?: number): Promise<void> {
    const ended = new AbortController();
    const wake = AbortSignal.any([ended.signal, ...(until === undefined ? [] : [this.#ports.drain]), ...(this.#halt === undefined ? [] : [this.#halt])]);
    const asleep = until === undefined ? [] : [this.#sleepUntil(until, wake)];
    try {
      await Promise.race([...this.#underWay.values(), ...asleep]);
    } finally {
      ended.abort();
    }
  }

  async #sleepUntil(at: number, wake: AbortSignal): Promise<void> {
    try {
      await this.#ports.clock.sleepUntil(at, wake);
    } catch (error) {
      if (!wake.aborted) throw error;
    }
  }

  /** Says once that the steps take longer than they may. A journal that refuses it shows where `run` writes next. */
  async #watchBudget(over: AbortSignal): Promise<void> {
    const { executionId, budgetMs, startedAt, dryRun, overBudget } = this.#state;
    const { clock } = this.#ports;
    if (budgetMs === undefined || dryRun || overBudget) return;
    await this.#sleepUntil(startedAt + budgetMs, over);
    if (over.aborted) return;
    await this.#appendIf(() => {
      const at = clock.now();
      return this.#state.end === undefined ? { type: 'rollback-over-budget', executionId, at, budgetMs, elapsedMs: at - startedAt } : undefined;
    }).catch(() => undefined);
  }

  #appendIf(eventNow: () => RollbackEvent | undefined): Promise<void> {
    this.#written = this.#written.then(async () => {
      const event = eventNow();
      if (event === undefined) return;
      await this.#ports.journal.append(event);
      this.#events.push(event);
      this.#state = applyEvent(this.#state, event);
    });
    return this.#written;
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

const NOT_BEGUN: AttemptEnd = { type: 'cancelled', settled: true, graceMs: 0 };

/** `cancelled`, with the reason where one was given. */
function cancelWords(reason: unknown): string {
  const given = isAbortError(reason) ? '' : errorText(reason);
  if (given === '') return 'cancelled';
  return /^cancel/i.test(given) ? given : `cancelled: ${given}`;
}

function captureProblem({ error, code }: ReadError): string {
  return code === 'undo-impossible' ? withoutClass(error) : `what was there before is not known: ${withoutClass(error)}`;
}
