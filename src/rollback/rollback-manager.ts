import { randomUUID } from 'node:crypto';
import { BelayError } from '../fault/belay-error.js';
import { Redactor } from '../secret/redactor.js';
import type { SecretReader } from '../secret/secret-reader.js';
import { type Clock, systemClock } from '../time/clock.js';
import { type AttemptOutput, ExecutionRun, type ExecutionRunPorts } from './execution-run.js';
import { executionSteps } from './execution-steps.js';
import { ExecutorCalls } from './executor-calls.js';
import { MemoryJournal } from './memory-journal.js';
import { plainCopy } from './plain-data.js';
import { planOrder } from './plan-order.js';
import type { PlannedStep } from './planned-step.js';
import { registeredPlan } from './registered-plan.js';
import type { ExecutionStep, RollbackEvent, RollbackOutcome } from './rollback-event.js';
import type { RollbackExecution } from './rollback-execution.js';
import type { RollbackJournal } from './rollback-journal.js';
import type { RollbackContext, RollbackPlan, WrittenRollbackPlan } from './rollback-plan.js';
import type { RollbackStepExecutor, StepState } from './step-executor.js';
import { budgetMsOf } from './step-timing.js';
import { UndoPreparation } from './undo-preparation.js';

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
  /** Hears what the work of an attempt prints while it is under way, secrets and all. */
  readonly onOutput?: ((of: AttemptOutput, text: string) => void) | undefined;
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
  readonly #undos: UndoPreparation;

  constructor(options: RollbackManagerOptions = {}) {
    const clock = options.clock ?? systemClock;
    this.#secrets = options.secrets ?? noSecrets;
    this.#ports = {
      journal: options.journal ?? new MemoryJournal(),
      clock,
      random: options.random ?? Math.random,
      drain: this.#draining.signal,
      onBackgroundError: options.onBackgroundError ?? warnOfBackgroundError,
      onOutput: options.onOutput,
      calls: new ExecutorCalls({
        clock,
        secrets: this.#secrets,
        redactor: options.redactor ?? new Redactor(),
        settleGraceMs: options.settleGraceMs ?? SETTLE_GRACE_MS,
        executor: (type) => this.#executors.get(type),
      }),
    };
    this.#undos = new UndoPreparation(this.#ports.journal, this.#ports.calls);
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
    const at = this.#ports.clock.now();
    const executionId = options.executionId ?? newExecutionId('rollback', at);
    const ownContext = plainCopy(context, 'The rollback context');
    const steps = this.#steps(planId, ownContext);
    const plan = this.#plans.get(planId);
    const estimatedMs = plan === undefined ? 0 : plan.estimatedDuration * 60_000;
    return this.#begin(
      {
        type: 'rollback-started', executionId, at, planId, planName: plan?.name ?? planId, dryRun: options.dryRun === true, context: ownContext, steps,
        budgetMs: plan === undefined ? undefined : budgetMsOf(plan),
        estimatedMs: estimatedMs === 0 ? undefined : estimatedMs,
      },
      options,
    );
  }

  /**
   * Puts back what a rollback has changed, in reverse order, as an execution of its own; steps that leave nothing to put
   * back are skipped. Every step is looked at before anything is touched. Rejects with BelayError `not-found`,
   * `conflict` (it runs, was a dry run, is an undo itself, or is undone already), `state-drifted` (somebody has changed
   * since what the rollback had made), `undo-impossible` (there is nothing to put back), `executor-missing`, and with the
   * journal's own error.
   */
  async undo(executionId: string, context: RollbackContext, options: RunOptions & { readonly executionId?: string } = {}): Promise<RollbackExecution> {
    const at = this.#ports.clock.now();
    const ownContext = plainCopy(context, 'The rollback context');
    const { planId, planName, steps } = await this.#undos.prepare(executionId, ownContext, options.signal);
    return this.#begin(
      {
        type: 'rollback-started', executionId: options.executionId ?? newExecutionId('undo', at), at, planId, planName, dryRun: false, context: ownContext, undoes: executionId,
        steps: steps.map(({ key, planId: ofPlan, step, skip, undo }) => ({ key, planId: ofPlan, step, ...(skip === undefined ? { undo } : { skip }) })),
      },
      options,
    );
  }

  /** Whether `undo` would begin: rejects as it does, and writes nothing. */
  async mustBeUndoable(executionId: string, context: RollbackContext, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#undos.prepare(executionId, plainCopy(context, 'The rollback context'), options.signal);
  }

  /** What `undo` would do now, step by step, with what stands in its way; writes nothing. Rejects as `undo` does, but for `state-drifted` and `undo-impossible`. */
  async describeUndo(executionId: string, context: RollbackContext, options: { readonly signal?: AbortSignal } = {}): Promise<readonly PlannedStep[]> {
    const looked = await this.#undos.look(executionId, plainCopy(context, 'The rollback context'), options.signal);
    return looked.steps.map(({ refused, ...step }) => ({ ...step, ...(refused === undefined ? {} : { error: refused }) }));
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

  /**
   * What every step would do now, from the real state; writes nothing. Rejects as `executeRollback` does; with
   * `tellUnresolved`, a step whose references have no value gets an error of its own instead.
   */
  async describePlan(planId: string, context: RollbackContext, options: { readonly signal?: AbortSignal; readonly tellUnresolved?: boolean } = {}): Promise<readonly PlannedStep[]> {
    const ownContext = plainCopy(context, 'The rollback context');
    const planned: PlannedStep[] = [];
    const steps: readonly PlannedStep[] = options.tellUnresolved === true ? this.#stepsOneByOne(planId, ownContext) : this.#steps(planId, ownContext);
    for (const step of steps) {
      options.signal?.throwIfAborted();
      planned.push(step.skip === undefined && step.error === undefined ? { ...step, ...(await this.#describe(step, ownContext, options.signal)) } : step);
    }
    return planned;
  }

  /**
   * Whether all that a plan brings back is there already: `applied` when every step that changes something reads so,
   * `not-applied` when one of them reads otherwise. Changes nothing. Rejects as `executeRollback` does.
   */
  async planState(planId: string, context: RollbackContext, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<StepState> {
    const ownContext = plainCopy(context, 'The rollback context');
    const changing = this.#steps(planId, ownContext).filter((step) => step.skip === undefined && step.step.type !== 'notification' && !this.#ports.calls.onlyWaits(step));
    const states = await Promise.all(changing.map((step) => this.#ports.calls.stateOf(step, ownContext, { timeoutMs: options.timeoutMs, cancel: options.signal })));
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

  #stepsOneByOne(planId: string, context: RollbackContext): readonly PlannedStep[] {
    const plans = planOrder(planId, (id) => this.#plans.get(id));
    return plans.flatMap((plan) =>
      plan.steps.flatMap((step) => {
        this.#ports.calls.executorOf(step.type);
        try {
          return executionSteps([{ ...plan, steps: [step] }], context, this.#secrets);
        } catch (error) {
          if (!(error instanceof BelayError) || error.code !== 'template-unresolved') throw error;
          return [{ key: `${plan.id}/${step.id}`, planId: plan.id, step, error: error.message }];
        }
      }),
    );
  }

  async #describe(step: ExecutionStep, context: RollbackContext, signal?: AbortSignal): Promise<Pick<PlannedStep, 'description' | 'error'>> {
    const read = await this.#ports.calls.describeWhole(step, context, { cancel: signal });
    return 'error' in read ? { error: read.error } : { description: read.description };
  }

  async #begin(started: Extract<RollbackEvent, { type: 'rollback-started' }>, options: RunOptions): Promise<RollbackExecution> {
    const { journal } = this.#ports;
    const { executionId } = started;
    return this.#exclusively(executionId, async () => {
      if ((await journal.eventsOf(executionId)).length > 0) {
        throw new BelayError('conflict', `Rollback ${executionId} has run before`, { context: { executionId } });
      }
      await journal.append(started);
      return this.#run([started], options);
    });
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

function newExecutionId(kind: 'rollback' | 'undo', at: number): string {
  return `${kind}-${at}-${randomUUID().slice(0, 8)}`;
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
