import { isAbortError } from '../fault/abort-error.js';
import { BelayError } from '../fault/belay-error.js';
import type { ErrorCode } from '../fault/error-codes.js';
import type { Redactor } from '../secret/redactor.js';
import type { SecretReader } from '../secret/secret-reader.js';
import type { Clock } from '../time/clock.js';
import { formatDuration } from '../time/duration.js';
import type { AttemptEnd, Finding } from './attempt-end.js';
import { boundedWork, type Settled } from './bounded-work.js';
import { failureText } from './failure-text.js';
import { plainCopy } from './plain-data.js';
import type { ExecutionStep } from './rollback-event.js';
import type { RollbackContext, RollbackStep } from './rollback-plan.js';
import type { RollbackStepExecutor, StepAttempt, StepDescription, StepState } from './step-executor.js';
import { stepTimeoutMs, timeoutError } from './step-timing.js';
import { fillSecrets } from './template.js';

export interface ExecutorCallPorts {
  readonly clock: Clock;
  readonly secrets: SecretReader;
  readonly redactor: Redactor;
  readonly settleGraceMs: number;
  readonly executor: (type: string) => RollbackStepExecutor | undefined;
}

/** Why something could not be read: `code` where Belay itself says so. */
export interface ReadError {
  readonly error: string;
  readonly code?: ErrorCode;
}

interface ReadBounds {
  readonly timeoutMs?: number;
  readonly cancel?: AbortSignal | undefined;
}

/** A journal is no place for more; a provider that overwrites more keeps it where it is and captures its name. */
const LARGEST_CAPTURE_BYTES = 256 * 1024;

/** The number of parameters of an `execute` that has a place for the signal. */
const TAKES_A_SIGNAL = 3;
const DEAF_GRACE_MS = 1_000;

/**
 * Calls into executors: each within a time, with its own copy of step and context, secrets filled in on the way in and
 * blanked on the way out.
 */
export class ExecutorCalls {
  readonly #ports: ExecutorCallPorts;

  constructor(ports: ExecutorCallPorts) {
    this.#ports = ports;
  }

  /** Throws BelayError `executor-missing`. */
  executorOf(type: string): RollbackStepExecutor {
    const executor = this.#ports.executor(type);
    if (executor === undefined) throw new BelayError('executor-missing', `No executor found for step type ${type}`, { context: { type } });
    return executor;
  }

  /** Whether a step may be ended at any moment, because nothing is left half done by it. */
  onlyWaits(step: ExecutionStep): boolean {
    return this.#executorFor(step).onlyWaits === true;
  }

  async execute(executionStep: ExecutionStep, context: RollbackContext, attempt: StepAttempt, bounds: { readonly cancel?: AbortSignal | undefined; readonly onLate: (error?: string) => void }): Promise<AttemptEnd> {
    const { clock, settleGraceMs } = this.#ports;
    const { step } = executionStep;
    const executor = this.#executorFor(executionStep);
    // Who takes no signal does not know that it is to stop; it may be about to end by itself, and no more.
    const graceMs = executor.execute.length < TAKES_A_SIGNAL ? Math.min(settleGraceMs, DEAF_GRACE_MS) : settleGraceMs;
    const end = await boundedWork(clock, async (signal) => executor.execute(this.#filled(step), structuredClone(context), signal, attempt), {
      timeoutMs: stepTimeoutMs(step),
      graceMs,
      timeoutError: timeoutError(step),
      cancel: bounds.cancel,
      onLate: (settled: Settled<void>) => bounds.onLate(settled.type === 'threw' ? this.#text(settled.error) : undefined),
    });
    if (end.type === 'done') return end;
    if (end.type === 'threw') return { type: 'threw', error: this.#text(end.error) };
    // Done before it could be stopped is done. Past its time it has failed, whatever it says then.
    if (end.type === 'cancelled' && end.settled?.type === 'done') return { type: 'done' };
    const said = end.type === 'timed-out' && end.settled?.type === 'threw' ? end.settled.error : undefined;
    const isNews = said !== undefined && !(said instanceof BelayError && said.code === 'step-timeout') && !isAbortError(said);
    return { type: end.type, settled: end.settled !== undefined, detail: isNews ? this.#text(said) : undefined, graceMs };
  }

  canDescribe(step: ExecutionStep): boolean {
    return this.#executorFor(step).describe !== undefined;
  }

  /** What the step would do, from the real state; an error where that could not be read. An executor without `describe` gets a plain line. */
  async describe(executionStep: ExecutionStep, context: RollbackContext, bounds: ReadBounds = {}): Promise<{ readonly description: StepDescription } | ReadError> {
    const { step, undo } = executionStep;
    const executor = this.#executorFor(executionStep);
    if (executor.describe === undefined) {
      return { description: undo === undefined ? { summary: `run the ${step.type} step ${step.id} (${step.name})`, after: step.parameters } : { summary: `put back what the ${step.type} step ${step.id} (${step.name}) has changed` } };
    }
    return this.#read(step, `The description of step ${step.id}`, bounds, async (filled, signal) => executor.describe?.(filled, structuredClone(context), signal) as Promise<StepDescription>, (description) => ({ description }));
  }

  /** What the step is about to overwrite; `undefined` where it leaves nothing to put back. */
  async capture({ step }: ExecutionStep, context: RollbackContext, bounds: ReadBounds): Promise<{ readonly captured: unknown } | ReadError | undefined> {
    const executor = this.executorOf(step.type);
    if (executor.capture === undefined) return undefined;
    return this.#read<unknown, { readonly captured: unknown } | undefined>(step, `What was there before step ${step.id}`, bounds, async (filled, signal) => capturable(await executor.capture?.(filled, structuredClone(context), signal), this.#ports.redactor), (captured) => (captured === NOTHING ? undefined : { captured }));
  }

  /** What must hold before a plan with this step begins; `undefined` where the executor asks for nothing. */
  async ready(executionStep: ExecutionStep, context: RollbackContext, bounds: { readonly cancel?: AbortSignal | undefined } = {}): Promise<{ readonly words: string } | { readonly error: string } | undefined> {
    const { step } = executionStep;
    const executor = this.#executorFor(executionStep);
    if (executor.ready === undefined) return undefined;
    const end = await boundedWork(this.#ports.clock, async (signal) => executor.ready?.(this.#filled(step), structuredClone(context), signal), {
      timeoutMs: stepTimeoutMs(step),
      graceMs: this.#ports.settleGraceMs,
      timeoutError: timeoutError(step),
      cancel: bounds.cancel,
    });
    if (end.type === 'threw') return { error: this.#text(end.error) };
    if (end.type !== 'done') return { error: end.type === 'cancelled' ? 'Error: cancelled' : failureText(timeoutError(step)) };
    return end.value === undefined ? undefined : { words: this.#ports.redactor.text(end.value) };
  }

  /** What the step would do, and whether the plan could begin as far as this step is concerned. */
  async describeWhole(step: ExecutionStep, context: RollbackContext, bounds: { readonly cancel?: AbortSignal | undefined }): Promise<{ readonly description: StepDescription; readonly refused?: string } | ReadError> {
    const read = await this.describe(step, context, bounds);
    if ('error' in read) return read;
    const ready = await this.ready(step, context, bounds);
    if (ready === undefined) return read;
    const words = 'error' in ready ? `the plan would not begin: ${ready.error}` : ready.words;
    return { description: { ...read.description, summary: `${read.description.summary}; ${words}` }, ...('error' in ready ? { refused: ready.error } : {}) };
  }

  /** Whether what the step wants is there already, where its executor can tell. */
  async stateOf({ step }: ExecutionStep, context: RollbackContext, bounds: { readonly timeoutMs: number; readonly cancel?: AbortSignal | undefined }): Promise<StepState> {
    const executor = this.executorOf(step.type);
    if (executor.state === undefined) return 'unknown';
    const timeoutMs = Math.min(stepTimeoutMs(step), bounds.timeoutMs);
    const read = await boundedWork(this.#ports.clock, async (signal) => executor.state?.(this.#filled(step), structuredClone(context), signal), { timeoutMs, graceMs: 0, timeoutError: timeoutError(step), cancel: bounds.cancel });
    return read.type === 'done' ? (read.value ?? 'unknown') : 'unknown';
  }

  /** Ends what an attempt left running when Belay died in it, then reads whether the wanted state is there. */
  async examine(executionStep: ExecutionStep, context: RollbackContext, attemptId: string): Promise<Finding> {
    const { clock, settleGraceMs: graceMs } = this.#ports;
    const { step } = executionStep;
    const executor = this.#executorFor(executionStep);
    const bounds = { timeoutMs: stepTimeoutMs(step), graceMs, timeoutError: timeoutError(step) };

    const swept = await boundedWork(clock, async () => executor.sweep?.(attemptId), { ...bounds, graceMs: 0 });
    if (swept.type !== 'done') return { type: 'not-swept', error: swept.type === 'threw' ? this.#text(swept.error) : failureText(timeoutError(step)) };

    if (executor.state === undefined) return { type: 'state', state: 'unknown' };
    const read = await boundedWork(clock, async (signal) => executor.state?.(this.#filled(step), structuredClone(context), signal), bounds);
    if (read.type === 'done') return { type: 'state', state: read.value ?? 'unknown', keepsWaiting: executor.keepsWaiting };
    return { type: 'state', state: 'unknown', error: read.type === 'threw' ? this.#text(read.error) : failureText(timeoutError(step)) };
  }

  /** The executor of the step itself, or in an undo the one that puts back what it has changed. */
  #executorFor({ step, undo }: ExecutionStep): RollbackStepExecutor {
    const executor = this.executorOf(step.type);
    if (undo === undefined) return executor;
    const { captured, left } = structuredClone(undo);
    const undoing = executor.undoing?.(captured, left);
    return undoing ?? cannotUndo(step.type);
  }

  /** A read within its time, whose answer can be written down. */
  async #read<T, R>(step: RollbackStep, what: string, { timeoutMs = Infinity, cancel }: ReadBounds, read: (step: RollbackStep, signal: AbortSignal) => Promise<T>, answer: (value: T) => R): Promise<R | ReadError> {
    const end = await boundedWork(this.#ports.clock, async (signal) => read(this.#filled(step), signal), {
      timeoutMs: Math.min(stepTimeoutMs(step), timeoutMs),
      graceMs: 0,
      timeoutError: timeoutError(step),
      cancel,
    });
    if (end.type === 'threw') return this.#readError(end.error);
    if (end.type === 'cancelled') return { error: 'Error: cancelled' };
    if (end.type !== 'done') return { error: stepTimeoutMs(step) <= timeoutMs ? failureText(timeoutError(step)) : `Error: no answer within ${formatDuration(timeoutMs)}` };
    try {
      return answer(this.#ports.redactor.data(plainCopy(end.value, what)));
    } catch (error) {
      return this.#readError(error);
    }
  }

  #readError(error: unknown): ReadError {
    return { error: this.#text(error), ...(error instanceof BelayError ? { code: error.code } : {}) };
  }

  #filled(step: RollbackStep): RollbackStep {
    const { secrets, redactor } = this.#ports;
    return { ...structuredClone(step), parameters: fillSecrets(step.parameters, secrets, (value) => redactor.add(value)) };
  }

  #text(error: unknown): string {
    return this.#ports.redactor.text(failureText(error));
  }
}

/** Stands for a capture of nothing, which JSON has no word for. */
const NOTHING = '';

/** What was captured, where it can be put back from the journal one day. Throws where it may not be written down as it is. */
function capturable(captured: unknown, redactor: Redactor): unknown {
  if (captured === undefined || captured === NOTHING) return NOTHING;
  const text = JSON.stringify(plainCopy(captured, 'What was there before'));
  if (Buffer.byteLength(text) > LARGEST_CAPTURE_BYTES) throw new Error(`it is larger than ${LARGEST_CAPTURE_BYTES / 1024} KiB`);
  // With its secrets blanked it could not be put back.
  if (JSON.stringify(redactor.data(JSON.parse(text) as unknown)) !== text) throw new Error('it holds a secret, which is not written down');
  return captured;
}

function cannotUndo(type: string): RollbackStepExecutor {
  const refuse = (): Promise<never> => Promise.reject(new BelayError('undo-impossible', `a ${type} step cannot be put back`, { context: { type } }));
  return { execute: refuse, describe: refuse, state: refuse };
}
