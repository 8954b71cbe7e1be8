import { randomUUID } from 'node:crypto';
import { BelayError } from '../fault/belay-error.js';
import { Redactor } from '../secret/redactor.js';
import type { SecretReader } from '../secret/secret-reader.js';
import { type Clock, systemClock } from '../time/clock.js';
import { ExecutionRun, type ExecutionRunPorts } from './execution-run.js';
import { executionSteps } from './execution-steps.js';
import { ExecutorCalls } from './executor-calls.js';
import { MemoryJournal } from './memory-journal.js';
import { plainCopy } from './plain-data.js';
import { planOrder } from './plan-order.js';
import { registeredPlan } from './registered-plan.js';
import type { ExecutionStep, RollbackEvent, RollbackOutcome } from './rollback-event.js';
import type { RollbackExecution } from './rollback-execution.js';
import type { RollbackJournal } from './rollback-journal.js';
import type { RollbackContext, RollbackPlan, WrittenRollbackPlan } from './rollback-plan.js';
import type { RollbackStepExecutor, StepDescription, StepState } from './step-executor.js';

/** How many finished executions `getRollbackStatus` still knows; the journal keeps them all. */
const REMEMBERED_EXECUTIONS = 1_000;
/** Long enough for a process to be asked to end, two seconds later killed, and gone. */
const SETTLE_GRACE_MS = 5_000;

export interface RollbackManagerOptions {
  /** Without one: in memory, gone with the process. */
  readonly journal?: RollbackJournal;
  readonly clock?: Clock;
  /** 0 up to 1, for the jitter of retries. */
  readonly random?: () => number;
  /** Where `${env:…}` and `${file:…}` are read. Without one, plans with such references are refused. */
  readonly secrets?: SecretReader;
  /** Learns every secret that is filled in, and blanks it out of errors and descriptions. */
  readonly redactor?: Redactor;
  /** How long an executor may take to stop once its signal has aborted; 5 s. */
  readonly settleGraceMs?: number;
  /** Hears of what fails where nobody waits for it: the journal line of an executor that settles late, a listener. Without one: a process warning. */
  readonly onBackgroundError?: (error: unknown) => void;
}

export interface RunOptions {
  /** Cancels: the running attempt is stopped and waited for, and the execution ends as failed. */
  readonly signal?: AbortSignal;
  /** Ends the execution before the next attempt: the running one is left to its end, waiting and retrying are over. */
  readonly halt?: AbortSignal | undefined;
  /** Hears of the execution once its start is durable. */
  readonly onStarted?: (execution: RollbackExecution) => void;
}

export interface ExecuteOptions extends RunOptions {
  /** Reads every real state and says what each step would do, without any effect. */
  readonly dryRun?: boolean;
  /** Instead of one made up; BelayError `conflict` when it has been used before. */
  readonly executionId?: string;
}

/** One step of a plan as it would run. */
export interface PlannedStep extends ExecutionStep {
  readonly description?: StepDescription;
  /** Why the real state could not be read. */
  readonly error?: string;
}

/** Runs rollback plans step by step over a journal, so that a crash loses and repeats nothing. */
export class RollbackManager {
  readonly #plans = new Map<string, RollbackPlan>();
  readonly #executors = new Map<string, RollbackStepExecutor>();
  /** In the order in which they began; running ones and the newest finished. */
  readonly #executions = new Map<string, ExecutionRun>();
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #draining = new AbortController();
  readonly #secrets: SecretReader;
  readonly #ports: ExecutionRunPorts;

  constructor(options: RollbackManagerOptions = {}) {
    const clock = options.clock ?? systemClock;
    this.#secrets = options.secrets ?? noSecrets;
    this.#ports = {
      journal: options.journal ?? new MemoryJournal(),
      clock,
      random: options.random ?? Math.random,
      drain: this.#draining.signal,
      onBackgroundError: options.onBackgroundError ?? warnOfBackgroundError,
      calls: new ExecutorCalls({
        clock,
        secrets: this.#secrets,
        redactor: options.redactor ?? new Redactor(),
        settleGraceMs: options.settleGraceMs ?? SETTLE_GRACE_MS,
        executor: (type) => this.#executors.get(type),
      }),
    };
  }

  /** Keeps a frozen copy; one of the same id is replaced, and executions under way go on with the old one. Throws BelayError `parameter-invalid`. */
  registerPlan(plan: WrittenRollbackPlan): void {
    this.#plans.set(plan.id, registeredPlan(plan));
  }

  registerExecutor(type: string, executor: RollbackStepExecutor): void {
    this.#executors.set(type, executor);
  }

  getPlan(id: string): RollbackPlan | undefined {
    return this.#plans.get(id);
  }

  getAllPlans(): RollbackPlan[] {
    return [...this.#plans.values()];
  }

  /**
   * Runs a plan and what it depends on, and resolves at its end, `failed` included. (After `drain` it resolves with
   * `in_progress`.) Rejects before anything is done with BelayError `plan-not-found`, `plan-dependency-missing`,
   * `plan-dependency-cycle`, `executor-missing`, `template-unresolved`, `parameter-invalid` or `conflict`, and at any
   * time with the journal's own error.
   */
  async executeRollback(planId: string, context: RollbackContext, options: ExecuteOptions = {}): Promise<RollbackExecution> {
    const { journal, clock } = this.#ports;
    const at = clock.now();
    const executionId = options.executionId ?? `rollback-${at}-${randomUUID().slice(0, 8)}`;
    const ownContext = plainCopy(context, 'The rollback context');
    const steps = this.#steps(planId, ownContext);
    const planName = this.#plans.get(planId)?.name ?? planId;

    return this.#exclusively(executionId, async () => {
      if ((await journal.eventsOf(executionId)).length > 0) {
        throw new BelayError('conflict', `Rollback ${executionId} has run before`, { context: { executionId } });
      }
      const started: RollbackEvent = { type: 'rollback-started', executionId, at, planId, planName, dryRun: options.dryRun === true, context: ownContext, steps };
      await journal.append(started);
      return this.#run([started], options);
    });
  }

  /**
   * Goes on with what a crash or `drain` left unfinished; what has ended already is returned as it is. Rejects with
   * BelayError `not-found`, `executor-missing` or `conflict` (it is running), and with the journal's own error.
   */
  async resume(executionId: string, options: RunOptions = {}): Promise<RollbackExecution> {
    const { journal, clock } = this.#ports;
    return this.#exclusively(executionId, async () => {
      const events = await journal.eventsOf(executionId);
      if (events.length === 0) throw new BelayError('not-found', `Rollback ${executionId} not found`, { context: { executionId } });
      const run = new ExecutionRun(events, this.#ports, { cancel: options.signal, halt: options.halt });
      if (run.state.end !== undefined) return this.#remember(run).record();
      for (const { step } of run.state.steps) this.#ports.calls.executorOf(step.step.type);
      const resumed: RollbackEvent = { type: 'rollback-resumed', executionId, at: clock.now() };
      await journal.append(resumed);
      return this.#run([...events, resumed], options);
    });
  }

  /** A copy of the record as it is now; `undefined` for what this manager has not run, or ran long ago. */
  getRollbackStatus(executionId: string): RollbackExecution | undefined {
    return this.#executions.get(executionId)?.record();
  }

  /** Finer than the public status: tells `cancelled` and `parked` from `failed`, and `would-have` from `success`. */
  getRollbackOutcome(executionId: string): RollbackOutcome | undefined {
    return this.#executions.get(executionId)?.state.end?.outcome;
  }

  /** What every step would do now, from the real state; writes nothing. Rejects as `executeRollback` does. */
  async describePlan(planId: string, context: RollbackContext, options: { readonly signal?: AbortSignal } = {}): Promise<readonly PlannedStep[]> {
    const ownContext = plainCopy(context, 'The rollback context');
    const planned: PlannedStep[] = [];
    for (const step of this.#steps(planId, ownContext)) {
      options.signal?.throwIfAborted();
      planned.push({ ...step, ...(await this.#ports.calls.describeWhole(step.step, ownContext, { cancel: options.signal })) });
    }
    return planned;
  }

  /**
   * Whether all that a plan brings back is there already: `applied` when every step that changes something reads so,
   * `not-applied` when one of them reads otherwise. Changes nothing. Rejects as `executeRollback` does.
   */
  async planState(planId: string, context: RollbackContext, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<StepState> {
    const ownContext = plainCopy(context, 'The rollback context');
    const changing = this.#steps(planId, ownContext).filter(({ step: { type } }) => type !== 'notification' && !this.#ports.calls.onlyWaits(type));
    const states = await Promise.all(changing.map(({ step }) => this.#ports.calls.stateOf(step, ownContext, { timeoutMs: options.timeoutMs, cancel: options.signal })));
    if (states.includes('not-applied')) return 'not-applied';
    return states.length > 0 && states.every((state) => state === 'applied') ? 'applied' : 'unknown';
  }

  /** Begins nothing more, and resolves once every attempt under way has ended. Unfinished executions are for `resume`. */
  async drain(): Promise<void> {
    this.#draining.abort();
    await Promise.allSettled(this.#busy.values());
  }

  #steps(planId: string, context: RollbackContext): readonly ExecutionStep[] {
    const plans = planOrder(planId, (id) => this.#plans.get(id));
    for (const { steps } of plans) {
      for (const { type } of steps) this.#ports.calls.executorOf(type);
    }
    return executionSteps(plans, context, this.#secrets);
  }

  async #run(events: readonly RollbackEvent[], options: RunOptions): Promise<RollbackExecution> {
    const run = new ExecutionRun(events, this.#ports, { cancel: options.signal, halt: options.halt });
    this.#remember(run);
    try {
      options.onStarted?.(run.record());
    } catch (error) {
      // A listener's fault is no reason to leave a rollback half done.
      this.#ports.onBackgroundError(error);
    }
    await run.run();
    return run.record();
  }

  /** One execution id never runs twice at once, here; across processes the journal's store sees to it. */
  async #exclusively<T>(executionId: string, work: () => Promise<T>): Promise<T> {
    if (this.#draining.signal.aborted) throw new BelayError('conflict', 'Rollbacks are being stopped; no further one is begun');
    if (this.#busy.has(executionId)) throw new BelayError('conflict', `Rollback ${executionId} is running`, { context: { executionId } });
    const working = work();
    this.#busy.set(executionId, working);
    try {
      return await working;
    } finally {
      this.#busy.delete(executionId);
    }
  }

  #remember(run: ExecutionRun): ExecutionRun {
    // Deleted first, so that the newest is last.
    this.#executions.delete(run.state.executionId);
    this.#executions.set(run.state.executionId, run);
    for (const [executionId, { state }] of this.#executions) {
      if (this.#executions.size <= REMEMBERED_EXECUTIONS) break;
      if (state.end !== undefined) this.#executions.delete(executionId);
    }
    return run;
  }
}

const noSecrets: SecretReader = {
  readEnv: (name) => refuseSecret(`env:${name}`),
  readFile: (path) => refuseSecret(`file:${path}`),
};

function refuseSecret(reference: string): never {
  throw new BelayError('template-unresolved', `\${${reference}} cannot be read: this RollbackManager was made without \`secrets\``);
}

function warnOfBackgroundError(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
