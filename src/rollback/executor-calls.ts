import { BelayError } from '../fault/belay-error.js';
import type { Redactor } from '../secret/redactor.js';
import type { SecretReader } from '../secret/secret-reader.js';
import type { Clock } from '../time/clock.js';
import type { AttemptEnd, Finding } from './attempt-end.js';
import { boundedWork, type Settled } from './bounded-work.js';
import { failureText } from './failure-text.js';
import { plainCopy } from './plain-data.js';
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

  /** Whether a step of this type may be ended at any moment, because nothing is left half done by it. */
  onlyWaits(type: string): boolean {
    return this.executorOf(type).onlyWaits === true;
  }

  async execute(step: RollbackStep, context: RollbackContext, attempt: StepAttempt, bounds: { readonly cancel?: AbortSignal | undefined; readonly onLate: (error?: string) => void }): Promise<AttemptEnd> {
    const { clock, settleGraceMs } = this.#ports;
    const executor = this.executorOf(step.type);
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
    const isNews = said !== undefined && !(said instanceof BelayError && said.code === 'step-timeout') && !(said instanceof Error && said.name === 'AbortError');
    return { type: end.type, settled: end.settled !== undefined, detail: isNews ? this.#text(said) : undefined, graceMs };
  }

  /** What the step would do, from the real state; `error` where that could not be read. An executor without `describe` gets a plain line. */
  async describe(step: RollbackStep, context: RollbackContext, bounds: { readonly timeoutMs?: number; readonly cancel?: AbortSignal | undefined } = {}): Promise<{ readonly description: StepDescription } | { readonly error: string }> {
    const executor = this.executorOf(step.type);
    if (executor.describe === undefined) return { description: { summary: `run the ${step.type} step ${step.id} (${step.name})`, after: step.parameters } };
    const end = await boundedWork(this.#ports.clock, async (signal) => executor.describe?.(this.#filled(step), structuredClone(context), signal), {
      timeoutMs: Math.min(stepTimeoutMs(step), bounds.timeoutMs ?? Infinity),
      graceMs: 0,
      timeoutError: timeoutError(step),
      cancel: bounds.cancel,
    });
    if (end.type === 'threw') return { error: this.#text(end.error) };
    if (end.type !== 'done') return { error: end.type === 'cancelled' ? 'Error: cancelled' : failureText(timeoutError(step)) };
    try {
      return { description: this.#ports.redactor.data(plainCopy(end.value as StepDescription, `The description of step ${step.id}`)) };
    } catch (error) {
      return { error: this.#text(error) };
    }
  }

  /** What must hold before a plan with this step begins; `undefined` where the executor asks for nothing. */
  async ready(step: RollbackStep, context: RollbackContext, bounds: { readonly cancel?: AbortSignal | undefined } = {}): Promise<{ readonly words: string } | { readonly error: string } | undefined> {
    const executor = this.executorOf(step.type);
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
  async describeWhole(step: RollbackStep, context: RollbackContext, bounds: { readonly cancel?: AbortSignal | undefined }): Promise<{ readonly description: StepDescription } | { readonly error: string }> {
    const read = await this.describe(step, context, bounds);
    if ('error' in read) return read;
    const ready = await this.ready(step, context, bounds);
    if (ready === undefined) return read;
    const words = 'error' in ready ? `the plan would not begin: ${ready.error}` : ready.words;
    return { description: { ...read.description, summary: `${read.description.summary}; ${words}` } };
  }

  /** Whether what the step wants is there already, where its executor can tell. */
  async stateOf(step: RollbackStep, context: RollbackContext, bounds: { readonly timeoutMs: number; readonly cancel?: AbortSignal | undefined }): Promise<StepState> {
    const executor = this.executorOf(step.type);
    if (executor.state === undefined) return 'unknown';
    const timeoutMs = Math.min(stepTimeoutMs(step), bounds.timeoutMs);
    const read = await boundedWork(this.#ports.clock, async (signal) => executor.state?.(this.#filled(step), structuredClone(context), signal), { timeoutMs, graceMs: 0, timeoutError: timeoutError(step), cancel: bounds.cancel });
    return read.type === 'done' ? (read.value ?? 'unknown') : 'unknown';
  }

  /** Ends what an attempt left running when Belay died in it, then reads whether the wanted state is there. */
  async examine(step: RollbackStep, context: RollbackContext, attemptId: string): Promise<Finding> {
    const { clock, settleGraceMs: graceMs } = this.#ports;
    const executor = this.executorOf(step.type);
    const bounds = { timeoutMs: stepTimeoutMs(step), graceMs, timeoutError: timeoutError(step) };

    const swept = await boundedWork(clock, async () => executor.sweep?.(attemptId), { ...bounds, graceMs: 0 });
    if (swept.type !== 'done') return { type: 'not-swept', error: swept.type === 'threw' ? this.#text(swept.error) : failureText(timeoutError(step)) };

    if (executor.state === undefined) return { type: 'state', state: 'unknown' };
    const read = await boundedWork(clock, async (signal) => executor.state?.(this.#filled(step), structuredClone(context), signal), bounds);
    if (read.type === 'done') return { type: 'state', state: read.value ?? 'unknown', keepsWaiting: executor.keepsWaiting };
    return { type: 'state', state: 'unknown', error: read.type === 'threw' ? this.#text(read.error) : failureText(timeoutError(step)) };
  }

  #filled(step: RollbackStep): RollbackStep {
    const { secrets, redactor } = this.#ports;
    return { ...structuredClone(step), parameters: fillSecrets(step.parameters, secrets, (value) => redactor.add(value)) };
  }

  #text(error: unknown): string {
    return this.#ports.redactor.text(failureText(error));
  }
}
