import { plainCopy } from '../../src/rollback/plain-data.js';
import type { RollbackContext, RollbackStep, StepType } from '../../src/rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepDescription, StepState } from '../../src/rollback/step-executor.js';
import { bindingsSchema } from '../../src/executor/bindings.js';
import { createExecutors } from '../../src/executor/create-executors.js';
import type { PlanNotification } from '../../src/executor/steps/plan-notifier.js';
import type { Check, CheckResult } from '../../src/source/check.js';
import { systemClock, type Clock } from '../../src/time/clock.js';

interface StepRunnerOptions {
  readonly directory?: string;
  /** As it stands in belay.yaml. */
  readonly bindings?: Record<string, unknown>;
  readonly clock?: Clock;
  /** Which rollback the steps belong to. */
  readonly executionId?: string;
  readonly rpoMs?: number;
  readonly check?: (check: Check) => CheckResult;
}

export const context: RollbackContext = { environment: 'staging', trigger: 'manual', triggeredBy: 'ana', metadata: {} };

/** A step as a registered plan has it: what a journal gives back, so that a -0 is 0. */
export function stepOf(type: string, parameters: Record<string, unknown>): RollbackStep {
  return { id: 'the-step', name: 'The step', description: '', type, parameters: plainCopy(parameters, 'The step'), timeout: 60 };
}

/** Runs single steps with the real executors, as a manager would. */
export class StepRunner {
  readonly notifications: PlanNotification[] = [];
  readonly #executors: ReadonlyMap<string, RollbackStepExecutor>;
  readonly #context: RollbackContext;

  constructor({ directory = '/nonexistent', bindings = {}, clock = systemClock, check, executionId, rpoMs }: StepRunnerOptions) {
    this.#context = executionId === undefined ? context : { ...context, metadata: { executionId, target: 'shop' } };
    this.#executors = createExecutors({
      bindings: bindingsSchema.parse(bindings),
      directory,
      clock,
      recoveryPointMs: () => rpoMs,
      checkRunner: { run: async (asked) => check?.(asked) ?? { name: asked.name, status: 'error', at: 0, detail: 'no check is expected' } },
      planNotifier: { enqueue: async (notification) => void this.notifications.push(notification) },
      approvalGate: { ask: () => Promise.reject(new Error('nobody is asked here')), describe: () => 'nobody' },
    });
  }

  execute(type: StepType, parameters: Record<string, unknown>, signal = AbortSignal.timeout(30_000), attemptId = 'test-attempt'): Promise<void> {
    const attempt = { id: attemptId, executionId: 'test-execution', stepKey: 'plan/the-step', number: 1 };
    return this.executor(type).execute(stepOf(type, parameters), this.#context, signal, attempt);
  }

  describe(type: StepType, parameters: Record<string, unknown>): Promise<StepDescription> {
    return this.executor(type).describe!(stepOf(type, parameters), this.#context, AbortSignal.timeout(30_000));
  }

  /** As a manager takes it: what cannot be read is unknown. */
  state(type: StepType, parameters: Record<string, unknown>): Promise<StepState> {
    return this.executor(type).state!(stepOf(type, parameters), this.#context, AbortSignal.timeout(30_000)).catch(() => 'unknown' as const);
  }

  ready(type: StepType, parameters: Record<string, unknown>): Promise<string | undefined> {
    return this.executor(type).ready!(stepOf(type, parameters), this.#context, AbortSignal.timeout(30_000));
  }

  /** What would be put back later, as it comes out of a journal. */
  async capture(type: StepType, parameters: Record<string, unknown>): Promise<unknown> {
    const captured = await this.executor(type).capture!(stepOf(type, parameters), this.#context, AbortSignal.timeout(30_000));
    return captured === undefined ? undefined : (JSON.parse(JSON.stringify(captured)) as unknown);
  }

  async undo(type: StepType, parameters: Record<string, unknown>, captured: unknown, signal = AbortSignal.timeout(30_000)): Promise<void> {
    await this.executor(type).undoing!(captured).execute(stepOf(type, parameters), this.#context, signal);
  }

  /** What an undo would do now; rejects as it would. */
  describeUndo(type: StepType, parameters: Record<string, unknown>, captured: unknown): Promise<StepDescription> {
    return this.executor(type).undoing!(captured).describe!(stepOf(type, parameters), this.#context, AbortSignal.timeout(30_000));
  }

  executor(type: StepType): RollbackStepExecutor {
    return this.#executors.get(type)!;
  }
}
