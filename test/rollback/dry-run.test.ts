import { describe, expect, it } from 'vitest';
import { MemoryJournal, type RollbackContext, RollbackManager, type RollbackStepExecutor, type SecretReader } from '../../src/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { separationPlan } from '../support/separation-plan.js';

const context: RollbackContext = { environment: 'staging', trigger: 'automatic', metadata: {} };

function setUp(executors: Record<string, Partial<RollbackStepExecutor>> = {}, secrets?: SecretReader) {
  const journal = new MemoryJournal();
  const clock = new FakeClock();
  const manager = new RollbackManager({ journal, clock, ...(secrets === undefined ? {} : { secrets }) });
  const executed: string[] = [];
  for (const type of ['notification', 'feature-flag', 'deployment', 'configuration']) {
    manager.registerExecutor(type, { execute: async (step) => void executed.push(step.id), ...executors[type] });
  }
  manager.registerPlan(separationPlan());
  return { manager, journal, clock, executed };
}

describe('a dry run', () => {
  it('says of every step what it would do, from the real state, and has no effect', async () => {
    const { manager, journal, executed } = setUp({ 'feature-flag': { describe: async (step) => ({ summary: `flag ${String(step.parameters['flagKey'])}: on → off`, before: true, after: false }) } });
    const execution = await manager.executeRollback('storefront-split-rollback', context, { dryRun: true, executionId: 'dry' });

    expect(executed).toEqual([]);
    expect(execution).toMatchObject({ status: 'success' });
    expect(execution.error).toBeUndefined();
    expect(manager.getRollbackOutcome('dry')).toBe('would-have');
    expect(execution.steps.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'success'));
    expect(execution.steps[1]?.logs).toMatchObject([{ level: 'info', message: 'Would run rollback step: New endpoints off', details: { summary: 'flag split-endpoints: on → off', before: true, after: false } }]);
    expect(execution.steps[2]?.logs[0]?.details).toMatchObject({ summary: 'run the deployment step revert-frontend (Frontend back)', after: { version: '4.2.0', environment: 'staging' } });
    expect((await journal.eventsOf('dry')).map(({ type }) => type)).toEqual(['rollback-started', ...Array.from({ length: 5 }, () => 'step-described'), 'rollback-ended']);
  });

  it('goes on where a state cannot be read or takes too long, waits for no retry, and says so at the end', async () => {
    const { manager, clock } = setUp({
      deployment: { describe: async () => Promise.reject(new Error('no such host')) },
      configuration: { describe: () => new Promise(() => undefined) },
    });
    const running = manager.executeRollback('storefront-split-rollback', context, { dryRun: true });
    const startAt = clock.now();
    await clock.advance(120_000);
    const execution = await running;
    expect(execution).toMatchObject({
      status: 'success',
      error: 'Could not be described: revert-frontend - Error: no such host; revert-gateway - Error: Step revert-gateway timed out after 120 seconds',
    });
    expect(execution.steps.map(({ status }) => status)).toEqual(['success', 'success', 'failed', 'failed', 'success']);
    expect(execution.endTime!.getTime() - startAt).toBe(120_000);
    expect(clock.sleeping).toBe(0);
  });

  it('refuses before it begins what the real run would refuse', async () => {
    const { manager } = setUp();
    await expect(manager.executeRollback('nope', context, { dryRun: true })).rejects.toThrow('Rollback plan nope not found');
  });
});

describe('describePlan', () => {
  it('gives every step with its description or why there is none, and writes nothing', async () => {
    const { manager, journal, executed } = setUp({
      'feature-flag': { describe: async () => ({ summary: 'flag: on → off' }) },
      deployment: { describe: async () => Promise.reject(new Error('no such host')) },
    });
    const planned = await manager.describePlan('storefront-split-rollback', context);
    expect(planned.map(({ key, description, error }) => [key.split('/')[1], description?.summary ?? error])).toEqual([
      ['notify-start', 'run the notification step notify-start (Tell people it begins)'],
      ['flag-off', 'flag: on → off'],
      ['revert-frontend', 'Error: no such host'],
      ['revert-gateway', 'run the configuration step revert-gateway (Gateway routes back)'],
      ['verify-and-notify', 'run the notification step verify-and-notify (Tell people it is over)'],
    ]);
    expect(executed).toEqual([]);
    expect(await journal.unfinished()).toEqual([]);
  });
});

describe('the state before a step', () => {
  it('is in the journal with the intent, and its failure never keeps the step from running', async () => {
    const { manager, journal, executed, clock } = setUp({
      'feature-flag': { describe: async () => ({ summary: 'flag: on → off', before: true }) },
      deployment: { describe: async () => Promise.reject(new Error('no such host')) },
      configuration: { describe: () => new Promise(() => undefined) },
    });
    const running = manager.executeRollback('storefront-split-rollback', context, { executionId: 'run' });
    await clock.advance(5_000);
    expect(await running).toMatchObject({ status: 'success' });
    expect(executed).toHaveLength(5);
    const described = (await journal.eventsOf('run')).flatMap((event) => (event.type === 'step-attempt-started' ? [event.description?.summary] : []));
    expect(described).toEqual([
      undefined,
      'flag: on → off',
      'the state before could not be read: Error: no such host',
      'the state before could not be read: Error: no answer within 5s',
      undefined,
    ]);
  });
});

describe('secrets', () => {
  const hidden = 'hunter2-very-secret';
  const secrets: SecretReader = { readEnv: () => hidden, readFile: () => hidden };

  it('reach the executor, and neither journal, record nor error', async () => {
    const got: unknown[] = [];
    const { manager, journal } = setUp(
      {
        configuration: {
          describe: async (step) => ({ summary: `with ${String(step.parameters['token'])}`, before: { token: step.parameters['token'] as unknown } }),
          execute: async (step) => {
            got.push(step.parameters['token'], step.parameters['header']);
            throw new Error(`401 for ${String(step.parameters['header'])}`);
          },
        },
      },
      secrets,
    );
    const plan = separationPlan();
    plan.steps[3]!.parameters = { token: '${env:TOKEN}', header: 'Bearer ${file:/run/token} ${context.environment}' };
    manager.registerPlan(plan);
    const execution = await manager.executeRollback('storefront-split-rollback', context, { executionId: 'run' });

    expect(got).toEqual([hidden, `Bearer ${hidden} staging`]);
    expect(execution.error).toBe('Failed at step: revert-gateway - Error: 401 for Bearer [redacted] staging');
    const written = JSON.stringify([await journal.eventsOf('run'), execution, manager.getRollbackStatus('run'), await manager.describePlan(plan.id, context)]);
    expect(written).not.toContain(hidden);
    expect(written).toContain('Bearer ${file:/run/token} staging');
  });
});
