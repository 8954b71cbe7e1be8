import { describe, expect, it } from 'vitest';
import { MemoryJournal, type RollbackContext, type RollbackExecution, type RollbackJournal, RollbackManager, type RollbackStep, type RollbackStepExecutor, type StepState } from '../../src/index.js';
import { CrashingJournal } from '../support/crashing-journal.js';
import { driveClock } from '../support/drive-clock.js';
import { FakeClock } from '../support/fake-clock.js';
import { separationPlan } from '../support/separation-plan.js';

const context: RollbackContext = { environment: 'staging', trigger: 'automatic', metadata: {} };
const RUN = 'run-1';

/** The systems that a plan changes: they outlive every process of Belay. */
class World {
  readonly applied: Record<string, unknown> = {};
  readonly runs: string[] = [];
  #frontendFailures = 1;

  /** As one process of Belay sees it. Deployments and flags can be read back, notifications and configurations cannot. */
  executors(): [string, RollbackStepExecutor][] {
    const change: RollbackStepExecutor = {
      execute: async (step) => {
        this.runs.push(step.id);
        if (step.id === 'revert-frontend' && this.#frontendFailures-- > 0) throw new Error('registry is slow');
        this.applied[step.id] = step.parameters;
      },
    };
    const readable: RollbackStepExecutor = {
      execute: change.execute,
      state: async (step) => (step.id in this.applied ? 'applied' : 'not-applied'),
    };
    return [
      ['notification', change],
      ['configuration', change],
      ['feature-flag', readable],
      ['deployment', readable],
    ];
  }
}

function newProcess(world: World, journal: RollbackJournal, clock: FakeClock): RollbackManager {
  const manager = new RollbackManager({ journal, clock, random: () => 0.5 });
  for (const [type, executor] of world.executors()) manager.registerExecutor(type, executor);
  manager.registerPlan(separationPlan());
  return manager;
}

/** What the next process does with what it finds: as the daemon, it resumes the unfinished, and begins what never began. */
function startOrResume(manager: RollbackManager, unfinished: readonly string[]): Promise<RollbackExecution> {
  return unfinished.includes(RUN) ? manager.resume(RUN) : manager.executeRollback('storefront-split-rollback', context, { executionId: RUN });
}

async function undisturbed(): Promise<{ readonly world: World; readonly writes: number }> {
  const [world, clock] = [new World(), new FakeClock()];
  const journal = new CrashingJournal(new MemoryJournal(), Infinity, 'before');
  const execution = await driveClock(clock, newProcess(world, journal, clock).executeRollback('storefront-split-rollback', context, { executionId: RUN }));
  expect(execution.status).toBe('success');
  return { world, writes: journal.writes };
}

/** Every `execute` of a step after the journal said that it succeeded would show here. */
async function expectSameEnd(world: World, disk: MemoryJournal, last: RollbackExecution): Promise<void> {
  const clean = await undisturbed();
  expect(last).toMatchObject({ id: RUN, status: 'success' });
  expect(last.steps.map(({ stepId, status }) => [stepId, status])).toEqual(separationPlan().steps.map(({ id }) => [id, 'success']));
  expect(world.applied).toEqual(clean.world.applied);

  const events = await disk.eventsOf(RUN);
  expect(events.filter(({ type }) => type === 'rollback-ended')).toHaveLength(1);
  for (const { id } of separationPlan().steps) {
    const ofStep = events.filter((event) => 'stepKey' in event && event.stepKey.endsWith(`/${id}`));
    expect(ofStep.filter(({ type }) => type === 'step-succeeded')).toHaveLength(1);
    expect(ofStep.at(-1)?.type).toBe('step-succeeded');
    // No effect without its intent.
    expect(world.runs.filter((run) => run === id).length).toBeLessThanOrEqual(ofStep.filter(({ type }) => type === 'step-attempt-started').length);
  }
}

describe('a crash at a write of the journal', () => {
  it('stops everything, and the next process goes on to the same end: at every write, lost or made', async () => {
    const { writes } = await undisturbed();
    expect(writes).toBe(14);
    for (const when of ['before', 'after'] as const) {
      for (let crashAt = 1; crashAt <= writes; crashAt += 1) {
        const [world, clock, disk] = [new World(), new FakeClock(), new MemoryJournal()];
        const dying = newProcess(world, new CrashingJournal(disk, crashAt, when), clock);
        await expect(driveClock(clock, startOrResume(dying, []))).rejects.toThrow('the process has died');
        const runsAtDeath = world.runs.length;
        await clock.advance(60_000);
        expect(world.runs).toHaveLength(runsAtDeath);

        const next = newProcess(world, disk, clock);
        if (crashAt === writes && when === 'after') {
          expect(await disk.unfinished()).toEqual([]);
          await expectSameEnd(world, disk, await next.resume(RUN));
          continue;
        }
        await expectSameEnd(world, disk, await driveClock(clock, startOrResume(next, await disk.unfinished())));
      }
    }
  });

  it('and another at any write of the process that resumes', async () => {
    const { writes } = await undisturbed();
    for (let crashAt = 1; crashAt < writes; crashAt += 1) {
      for (let again = 1; again <= 4; again += 1) {
        const [world, clock, disk] = [new World(), new FakeClock(), new MemoryJournal()];
        await driveClock(clock, startOrResume(newProcess(world, new CrashingJournal(disk, crashAt, 'after'), clock), [])).catch(() => undefined);
        const second = newProcess(world, new CrashingJournal(disk, again, 'after'), clock);
        await driveClock(clock, startOrResume(second, await disk.unfinished())).catch(() => undefined);
        const third = newProcess(world, disk, clock);
        await expectSameEnd(world, disk, await driveClock(clock, third.resume(RUN)));
      }
    }
  });
});

describe('a kill in the middle of a step', () => {
  /** A process that dies while `s` is at work: its executor never returns. The next one sees `state`. */
  async function killedInStep(step: Partial<RollbackStep>, readBack: { state?: () => Promise<StepState>; sweep?: (attemptId: string) => Promise<void> }, deaths = 1) {
    const [clock, journal] = [new FakeClock(), new MemoryJournal()];
    const calls: string[] = [];
    const attemptIds: string[] = [];
    const process = (dies: boolean): RollbackManager => {
      const manager = new RollbackManager({ clock, journal, random: () => 0.5 });
      manager.registerExecutor('work', {
        execute: (_step, _context, _signal, attempt) => {
          calls.push('execute');
          attemptIds.push(attempt!.id);
          return dies ? new Promise(() => undefined) : Promise.resolve();
        },
        ...(readBack.state === undefined ? {} : { state: () => (calls.push('state'), readBack.state!()) }),
        ...(readBack.sweep === undefined ? {} : { sweep: (id: string) => (calls.push(`sweep ${attemptIds.indexOf(id) + 1}`), readBack.sweep!(id)) }),
      });
      manager.registerPlan({ ...separationPlan(), id: 'p', steps: [{ id: 's', name: 'S', description: '', type: 'work', parameters: {}, timeout: '10m', ...step }] });
      return manager;
    };
    void process(true).executeRollback('p', context, { executionId: RUN });
    await clock.advance(1_000);
    for (let death = 1; death < deaths; death += 1) {
      void process(true).resume(RUN);
      await clock.advance(1_000);
    }
    const last = process(false);
    const execution = await driveClock(clock, last.resume(RUN));
    return { execution, calls, outcome: last.getRollbackOutcome(RUN) };
  }

  it('sweeps, looks, and skips what is there already', async () => {
    const { execution, calls } = await killedInStep({}, { sweep: async () => undefined, state: async () => 'applied' });
    expect(calls).toEqual(['execute', 'sweep 1', 'state']);
    expect(execution).toMatchObject({ status: 'success', steps: [{ status: 'success' }] });
    expect(execution.steps[0]?.logs.at(-1)).toMatchObject({ details: { how: 'already-so' } });
  });

  it('runs again what is not there, though the only attempt was under way', async () => {
    const { execution, calls } = await killedInStep({ idempotent: false }, { sweep: async () => undefined, state: async () => 'not-applied' });
    expect(calls).toEqual(['execute', 'sweep 1', 'state', 'execute']);
    expect(execution.status).toBe('success');
  });

  it('runs again what is idempotent and cannot be read', async () => {
    const { execution, calls } = await killedInStep({}, {});
    expect(calls).toEqual(['execute', 'execute']);
    expect(execution.status).toBe('success');
  });

  it.each<[string, Parameters<typeof killedInStep>[1]]>([
    ['cannot be read', {}],
    ['is unknown', { state: async () => 'unknown' }],
    ['fails to be read', { state: async () => Promise.reject(new Error('no route')) }],
  ])('parks what is not idempotent and %s', async (_name, readBack) => {
    const { execution, calls, outcome } = await killedInStep({ idempotent: false }, readBack);
    expect(calls.filter((call) => call === 'execute')).toHaveLength(1);
    expect(outcome).toBe('parked');
    expect(execution).toMatchObject({ status: 'failed', steps: [{ status: 'failed', error: expect.stringMatching(/not to be idempotent.*look at its real state/) as string }] });
  });

  it('parks where something of the attempt may still be at work', async () => {
    const { execution, calls, outcome } = await killedInStep({}, { sweep: async () => Promise.reject(new Error('pid 7 does not die')), state: async () => 'not-applied' });
    expect(calls).toEqual(['execute', 'sweep 1']);
    expect(outcome).toBe('parked');
    expect(execution.error).toContain('pid 7 does not die');
  });

  it('parks a step in which Belay dies time and again', async () => {
    const { execution, calls, outcome } = await killedInStep({ retryPolicy: { maxAttempts: 9, backoffMultiplier: 1 } }, { state: async () => 'not-applied' }, 5);
    expect(calls.filter((call) => call === 'execute')).toHaveLength(3);
    expect(outcome).toBe('parked');
    expect(execution.error).toContain('Belay has stopped 3 times in the middle of this step');
  });

  it('does not forget that it was cancelled', async () => {
    const [clock, journal] = [new FakeClock(), new MemoryJournal()];
    const process = (): RollbackManager => {
      const manager = new RollbackManager({ clock, journal });
      manager.registerExecutor('work', { execute: async (_step, _context, signal) => {
          signal?.throwIfAborted();
          await new Promise(() => undefined);
        } });
      manager.registerPlan({ ...separationPlan(), id: 'p', steps: [{ id: 's', name: 'S', description: '', type: 'work', parameters: {}, timeout: 60 }] });
      return manager;
    };
    const cancel = new AbortController();
    void process().executeRollback('p', context, { executionId: RUN, signal: cancel.signal });
    await clock.advance(1_000);
    cancel.abort(new Error('by ana'));
    await clock.advance(1_000);
    expect(await process().resume(RUN)).toMatchObject({ status: 'failed', error: 'Cancelled at step: s - Error: cancelled: by ana' });
  });
});

describe('resume', () => {
  it('refuses what is unknown or has no executor any more, and leaves what has ended as it is', async () => {
    const [world, clock, disk] = [new World(), new FakeClock(), new MemoryJournal()];
    await expect(newProcess(world, disk, clock).resume('never')).rejects.toMatchObject({ code: 'not-found' });

    await driveClock(clock, startOrResume(newProcess(world, new CrashingJournal(disk, 3, 'after'), clock), [])).catch(() => undefined);
    await expect(new RollbackManager({ journal: disk, clock }).resume(RUN)).rejects.toMatchObject({ code: 'executor-missing' });
    expect(await disk.unfinished()).toEqual([RUN]);

    const done = await driveClock(clock, newProcess(world, disk, clock).resume(RUN));
    const runs = world.runs.length;
    expect(await newProcess(world, disk, clock).resume(RUN)).toEqual(done);
    expect(world.runs).toHaveLength(runs);
  });

  it('goes on with the plan as it was when it began', async () => {
    const [world, clock, disk] = [new World(), new FakeClock(), new MemoryJournal()];
    await driveClock(clock, startOrResume(newProcess(world, new CrashingJournal(disk, 3, 'after'), clock), [])).catch(() => undefined);
    const next = newProcess(world, disk, clock);
    next.registerPlan({ ...separationPlan(), steps: [] });
    expect((await driveClock(clock, next.resume(RUN))).steps).toHaveLength(5);
  });
});
