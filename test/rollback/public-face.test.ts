import { describe, expect, expectTypeOf, it } from 'vitest';
import { BelayError, type RollbackContext, type RollbackExecution, RollbackManager, type RollbackPlan, type RollbackStep, type RollbackStepExecution, type RollbackStepExecutor, type WrittenRollbackPlan } from '../../src/index.js';
import { separationPlan } from '../support/separation-plan.js';

/** An executor as the user's documents write them: two parameters, and parameters taken apart without a check. */
class Announcer implements RollbackStepExecutor {
  readonly said: string[] = [];

  async execute(step: RollbackStep, context: RollbackContext): Promise<void> {
    const { recipients, message } = step.parameters;
    // That code like this compiles is the point.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access
    this.said.push(`${context.environment}: ${String(message)} to ${String(recipients.join(', '))}`);
  }
}

class Recorder implements RollbackStepExecutor {
  readonly ran: RollbackStep[] = [];
  failWith: unknown;

  async execute(step: RollbackStep): Promise<void> {
    this.ran.push(step);
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- foreign executors throw anything
    if (this.failWith !== undefined) throw this.failWith;
  }
}

const context: RollbackContext = { environment: 'staging', trigger: 'manual', triggeredBy: 'ana', metadata: {} };

function managerWithExecutors(): { manager: RollbackManager; announcer: Announcer; recorder: Recorder } {
  const manager = new RollbackManager();
  const announcer = new Announcer();
  const recorder = new Recorder();
  manager.registerExecutor('notification', announcer);
  for (const type of ['feature-flag', 'deployment', 'configuration']) manager.registerExecutor(type, recorder);
  manager.registerPlan(separationPlan());
  return { manager, announcer, recorder };
}

describe('the public face', () => {
  it('runs a plan of the documented shape as it stands, and tells of it in the documented words', async () => {
    const { manager, announcer, recorder } = managerWithExecutors();
    const execution = await manager.executeRollback('storefront-split-rollback', context);

    expect(execution).toMatchObject({ planId: 'storefront-split-rollback', status: 'success', context });
    expect(execution.id).toMatch(/^rollback-\d+/);
    expect(execution.error).toBeUndefined();
    expect(execution.startTime).toBeInstanceOf(Date);
    expect(execution.endTime?.getTime()).toBeGreaterThanOrEqual(execution.startTime.getTime());
    expect(execution.steps.map(({ stepId, status, planId }) => [stepId, status, planId])).toEqual(separationPlan().steps.map(({ id }) => [id, 'success', undefined]));
    expect(execution.steps[1]?.logs).toEqual([
      { timestamp: expect.any(Date) as Date, level: 'info', message: 'Starting rollback step: New endpoints off' },
      { timestamp: expect.any(Date) as Date, level: 'info', message: 'Successfully completed rollback step: New endpoints off' },
    ]);
    expect(announcer.said[0]).toBe('staging: Rolling back the storefront split to ops@shop.example, leads@shop.example');
    expect(recorder.ran[1]?.parameters).toEqual({ service: 'storefront', version: '4.2.0', environment: 'staging' });
    expect(manager.getRollbackStatus(execution.id)).toEqual(execution);
  });

  it('resolves as failed at the step that failed, and runs nothing after it', async () => {
    const { manager, announcer, recorder } = managerWithExecutors();
    recorder.failWith = new Error('flag service says no');
    const execution = await manager.executeRollback('storefront-split-rollback', context);

    expect(execution).toMatchObject({ status: 'failed', error: 'Failed at step: flag-off - Error: flag service says no' });
    expect(execution.steps.map(({ status }) => status)).toEqual(['success', 'failed']);
    expect(execution.steps[1]).toMatchObject({ error: 'Error: flag service says no' });
    expect(execution.steps[1]?.logs.at(-1)).toMatchObject({
      level: 'error',
      message: 'Failed to execute rollback step: New endpoints off',
      details: { error: 'Error: flag service says no' },
    });
    expect(recorder.ran).toHaveLength(1);
    expect(announcer.said).toHaveLength(1);
  });

  it.each([
    ['text', 'plain words', 'plain words'],
    ['an error without words', new Error(), 'Error'],
    ['an error of another kind', new TypeError('x is not a function'), 'TypeError: x is not a function'],
    ['one of our own', new BelayError('command-failed', 'exit 1'), 'Error: exit 1'],
    ['nothing at all', null, 'null'],
  ])('shows a thrown %s as String does', async (_name, thrown, shown) => {
    const { manager, recorder } = managerWithExecutors();
    recorder.failWith = thrown;
    const { error } = await manager.executeRollback('storefront-split-rollback', context);
    expect(error).toBe(`Failed at step: flag-off - ${shown}`);
  });

  it('takes an executor that throws instead of rejecting as failed', async () => {
    const { manager } = managerWithExecutors();
    manager.registerExecutor('feature-flag', {
      execute: () => {
        throw new Error('at once');
      },
    });
    expect(await manager.executeRollback('storefront-split-rollback', context)).toMatchObject({ status: 'failed', error: 'Failed at step: flag-off - Error: at once' });
  });

  it('knows its plans, and keeps them as they were registered', async () => {
    const manager = new RollbackManager();
    const plan = separationPlan();
    manager.registerPlan(plan);
    plan.steps.length = 0;
    plan.name = 'changed';

    expect(manager.getPlan('storefront-split-rollback')).toEqual(separationPlan());
    expect(manager.getAllPlans()).toEqual([separationPlan()]);
    expect(manager.getPlan('other')).toBeUndefined();
    expect(() => manager.getPlan('storefront-split-rollback')?.steps.pop()).toThrow(TypeError);
  });

  it('turns durations that are written as text into the documented seconds and minutes', async () => {
    const { manager } = managerWithExecutors();
    let timeoutMs = 0;
    manager.registerExecutor('slow', { execute: async (step: RollbackStep) => void (timeoutMs = step.timeout * 1_000) });
    manager.registerPlan({ ...separationPlan(), id: 'written', estimatedDuration: '1h30m', steps: [{ id: 's', name: 'S', description: '', type: 'slow', parameters: {}, timeout: '1m30s' }] });
    await manager.executeRollback('written', context);
    expect([timeoutMs, manager.getPlan('written')?.estimatedDuration]).toEqual([90_000, 90]);
  });

  it('takes what code without types leaves out for empty', async () => {
    const { manager, recorder } = managerWithExecutors();
    const steps = [{ id: 's', name: 'S', type: 'deployment', parameters: { environment: '${context.environment}' }, timeout: 5 }];
    manager.registerPlan({ id: 'bare', name: 'Bare', steps } as unknown as RollbackPlan);
    expect(await manager.executeRollback('bare', { environment: 'staging', trigger: 'manual' } as RollbackContext)).toMatchObject({ status: 'success' });
    expect(recorder.ran[0]?.parameters).toEqual({ environment: 'staging' });
  });

  it('gives snapshots that neither later work nor their holder changes', async () => {
    const { manager, recorder } = managerWithExecutors();
    let atFlag: RollbackExecution | undefined;
    manager.registerExecutor('feature-flag', {
      execute: async (step) => {
        atFlag = manager.getRollbackStatus('run-1');
        await recorder.execute(step);
      },
    });
    let onStarted: RollbackExecution | undefined;
    await manager.executeRollback('storefront-split-rollback', context, { executionId: 'run-1', onStarted: (execution) => (onStarted = execution) });

    expect(onStarted).toMatchObject({ id: 'run-1', status: 'in_progress', endTime: null, steps: [] });
    expect(atFlag?.steps.map(({ status, endTime }) => [status, endTime === null])).toEqual([
      ['success', false],
      ['in_progress', true],
    ]);
    expect(atFlag?.steps[1]?.logs.map(({ message }) => message)).toEqual(['Starting rollback step: New endpoints off']);

    const held = manager.getRollbackStatus('run-1');
    held?.steps.splice(0);
    if (held !== undefined) held.context.environment = 'changed';
    expect(manager.getRollbackStatus('run-1')).toMatchObject({ context: { environment: 'staging' }, steps: { length: 5 } });
    expect(manager.getRollbackStatus('never')).toBeUndefined();
  });

  it('is not swayed by what executors do to their step and context', async () => {
    const { manager, announcer } = managerWithExecutors();
    manager.registerExecutor('feature-flag', {
      execute: async (step, own) => {
        step.parameters = {};
        own.environment = 'changed';
      },
    });
    const execution = await manager.executeRollback('storefront-split-rollback', context);
    expect(execution.context).toEqual(context);
    expect(announcer.said.at(-1)).toMatch(/^staging: /);
  });

  it('gives every execution its own id, however fast they begin', async () => {
    const { manager } = managerWithExecutors();
    const executions = await Promise.all(Array.from({ length: 20 }, () => manager.executeRollback('storefront-split-rollback', context)));
    expect(new Set(executions.map(({ id }) => id)).size).toBe(20);
  });

  it('has the documented types', () => {
    expectTypeOf<RollbackExecution['status']>().toEqualTypeOf<'in_progress' | 'success' | 'failed'>();
    expectTypeOf<RollbackStepExecution['status']>().toEqualTypeOf<'in_progress' | 'success' | 'failed'>();
    expectTypeOf<RollbackExecution['endTime']>().toEqualTypeOf<Date | null>();
    expectTypeOf<RollbackExecution['steps']>().toEqualTypeOf<RollbackStepExecution[]>();
    expectTypeOf<keyof RollbackExecution>().toEqualTypeOf<'id' | 'planId' | 'startTime' | 'endTime' | 'status' | 'steps' | 'error' | 'context'>();
    expectTypeOf<RollbackPlan['estimatedDuration']>().toEqualTypeOf<number>();
    expectTypeOf<RollbackStep['timeout']>().toEqualTypeOf<number>();
    expectTypeOf<RollbackContext['trigger']>().toEqualTypeOf<'manual' | 'automatic'>();
    expectTypeOf<RollbackManager['executeRollback']>().toBeCallableWith('plan', { environment: 'e', trigger: 'automatic', metadata: {} });
    expectTypeOf<RollbackManager['getPlan']>().returns.toEqualTypeOf<RollbackPlan | undefined>();
    expectTypeOf<{ execute(step: RollbackStep, context: RollbackContext): Promise<void> }>().toExtend<RollbackStepExecutor>();
  });
});

describe('what is refused before the first step', () => {
  async function refusal(change: (manager: RollbackManager, plan: RollbackPlan) => void, planId = 'storefront-split-rollback'): Promise<BelayError> {
    const { manager, announcer } = managerWithExecutors();
    const plan = separationPlan();
    change(manager, plan);
    let started = false;
    const error: unknown = await manager.executeRollback(planId, context, { onStarted: () => (started = true) }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BelayError);
    expect(started).toBe(false);
    expect(announcer.said).toEqual([]);
    return error as BelayError;
  }

  it('an unknown plan', async () => {
    expect(await refusal(() => undefined, 'no-such-plan')).toMatchObject({ code: 'plan-not-found', message: 'Rollback plan no-such-plan not found' });
  });

  it('a step type without an executor, even at the last step', async () => {
    const error = await refusal((manager, plan) => {
      plan.steps[4]!.type = 'pager';
      manager.registerPlan(plan);
    });
    expect(error).toMatchObject({ code: 'executor-missing', message: 'No executor found for step type pager' });
  });

  it('references without a value, all of them in one error', async () => {
    const error = await refusal((manager, plan) => {
      plan.steps[2]!.parameters['version'] = '${rollbackPoint.version}';
      plan.steps[4]!.parameters['message'] = 'by ${context.triggerdBy}, key ${env:KEY}';
      manager.registerPlan(plan);
    });
    expect(error.code).toBe('template-unresolved');
    expect(error.message).toContain('step storefront-split-rollback/revert-frontend, parameters.version: ${rollbackPoint.version} cannot be resolved');
    expect(error.message).toContain('step storefront-split-rollback/verify-and-notify, parameters.message: ${context.triggerdBy}');
    expect(error.message).toContain('${env:KEY}');
  });

  it('a context that a journal cannot hold', async () => {
    const { manager } = managerWithExecutors();
    const metadata = { client: { send: () => undefined } };
    await expect(manager.executeRollback('storefront-split-rollback', { ...context, metadata })).rejects.toMatchObject({ code: 'parameter-invalid' });
  });

  it('an execution id that was used before, or is in use', async () => {
    const { manager, announcer } = managerWithExecutors();
    const first = manager.executeRollback('storefront-split-rollback', context, { executionId: 'once' });
    await expect(manager.executeRollback('storefront-split-rollback', context, { executionId: 'once' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(manager.resume('once')).rejects.toMatchObject({ code: 'conflict' });
    await first;
    await expect(manager.executeRollback('storefront-split-rollback', context, { executionId: 'once' })).rejects.toMatchObject({ code: 'conflict' });
    expect(announcer.said).toHaveLength(2);
  });

  it.each<[string, (plan: WrittenRollbackPlan) => void]>([
    ['a timeout of nothing', (plan) => (plan.steps[0]!.timeout = 0)],
    ['a timeout that is no duration', (plan) => (plan.steps[0]!.timeout = 'soon')],
    ['a timeout that is no number', (plan) => (plan.steps[0]!.timeout = Number.NaN)],
    ['an estimate that is no duration', (plan) => (plan.estimatedDuration = 'a while')],
    ['no attempt', (plan) => (plan.steps[0]!.retryPolicy = { maxAttempts: 0, backoffMultiplier: 1 })],
    ['half an attempt', (plan) => (plan.steps[0]!.retryPolicy = { maxAttempts: 1.5, backoffMultiplier: 1 })],
    ['a back-off that shrinks to nothing', (plan) => (plan.steps[0]!.retryPolicy = { maxAttempts: 2, backoffMultiplier: 0 })],
    ['a step id twice', (plan) => (plan.steps[1]!.id = plan.steps[0]!.id)],
  ])('a plan with %s, when it is registered', (_name, spoil) => {
    const plan = separationPlan();
    spoil(plan);
    expect(() => new RollbackManager().registerPlan(plan)).toThrow(expect.objectContaining({ code: 'parameter-invalid' }) as Error);
  });
});

describe('dependencies', () => {
  const planOf = (id: string, ...dependencies: string[]): RollbackPlan => ({
    ...separationPlan(),
    id,
    dependencies,
    steps: [{ id: 'mark', name: `Mark ${id}`, description: '', type: 'feature-flag', parameters: { flagKey: id }, timeout: 5 }],
  });

  it('run first, each once, in the same execution', async () => {
    const { manager, recorder } = managerWithExecutors();
    for (const plan of [planOf('top', 'left', 'right'), planOf('left', 'base'), planOf('right', 'base'), planOf('base')]) manager.registerPlan(plan);
    const execution = await manager.executeRollback('top', context);
    expect(recorder.ran.map(({ parameters }) => parameters['flagKey'] as string)).toEqual(['base', 'left', 'right', 'top']);
    expect(execution.steps.map(({ planId, stepId }) => [planId, stepId])).toEqual([
      ['base', 'mark'],
      ['left', 'mark'],
      ['right', 'mark'],
      [undefined, 'mark'],
    ]);
  });

  it('that form a circle or are missing are refused by name', async () => {
    const { manager, recorder } = managerWithExecutors();
    for (const plan of [planOf('a', 'b'), planOf('b', 'c'), planOf('c', 'b'), planOf('self', 'self'), planOf('lost', 'nowhere')]) manager.registerPlan(plan);
    await expect(manager.executeRollback('a', context)).rejects.toMatchObject({ code: 'plan-dependency-cycle', message: expect.stringContaining('b → c → b') as string });
    await expect(manager.executeRollback('self', context)).rejects.toMatchObject({ code: 'plan-dependency-cycle', message: expect.stringContaining('self → self') as string });
    await expect(manager.executeRollback('lost', context)).rejects.toMatchObject({ code: 'plan-dependency-missing', message: expect.stringContaining('nowhere') as string });
    expect(recorder.ran).toEqual([]);
  });

  it('that fail keep the plan itself from running', async () => {
    const { manager, recorder } = managerWithExecutors();
    manager.registerPlan(planOf('top', 'base'));
    manager.registerPlan(planOf('base'));
    recorder.failWith = new Error('no');
    expect(await manager.executeRollback('top', context)).toMatchObject({ status: 'failed', error: 'Failed at step: mark - Error: no', steps: { length: 1 } });
  });
});
