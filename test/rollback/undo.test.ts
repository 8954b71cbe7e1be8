import { describe, expect, it } from 'vitest';
import { MemoryJournal, type RollbackContext, type RollbackExecution, type RollbackJournal, RollbackManager, type RollbackStep } from '../../src/index.js';
import { Redactor } from '../../src/secret/redactor.js';
import { CrashingJournal } from '../support/crashing-journal.js';
import { driveClock } from '../support/drive-clock.js';
import { FakeClock } from '../support/fake-clock.js';
import { separationPlan } from '../support/separation-plan.js';
import { set, ValueWorld } from '../support/value-world.js';

const context: RollbackContext = { environment: 'staging', trigger: 'manual', triggeredBy: 'ana', metadata: {} };
const RUN = 'run-1';
const UNDO = 'undo-1';

const tell: RollbackStep = { id: 'tell', name: 'Tell', description: '', type: 'notification', parameters: {}, timeout: 60 };

interface Rig {
  readonly world: ValueWorld;
  readonly clock: FakeClock;
  readonly disk: MemoryJournal;
  process(journal?: RollbackJournal): RollbackManager;
  roll(steps?: RollbackStep[]): Promise<RollbackExecution>;
  undo(manager?: RollbackManager): Promise<RollbackExecution>;
}

function rig(redactor = new Redactor()): Rig {
  const [world, clock, disk] = [new ValueWorld(), new FakeClock(), new MemoryJournal()];
  const process = (journal: RollbackJournal = disk): RollbackManager => {
    const manager = new RollbackManager({ journal, clock, redactor, random: () => 0.5 });
    manager.registerExecutor('set', world.executor());
    manager.registerExecutor('notification', { execute: () => Promise.resolve() });
    return manager;
  };
  return {
    world, clock, disk, process,
    roll: (steps = [tell, set('a'), set('b')]) => {
      const manager = process();
      manager.registerPlan({ ...separationPlan(), id: 'p', steps });
      return driveClock(clock, manager.executeRollback('p', context, { executionId: RUN }));
    },
    undo: (manager = process()) => driveClock(clock, manager.undo(RUN, context, { executionId: UNDO })),
  };
}

describe('undo', () => {
  it('puts back what was captured before the first attempt, in reverse order, and says what it skips', async () => {
    const { world, disk, roll, undo, process } = rig();
    await roll();
    const started = (await disk.eventsOf(RUN)).filter(({ type }) => type === 'step-attempt-started');
    expect(started).toMatchObject([{ stepKey: 'p/tell' }, { stepKey: 'p/set-a', captured: 'old-a' }, { stepKey: 'p/set-b', captured: 'old-b' }]);
    expect(started[0]).not.toHaveProperty('captured');

    const planned = await process().describeUndo(RUN, context);
    expect(planned.map(({ key, skip, description }) => [key, skip ?? description?.summary])).toEqual([
      ['p/set-b', 'b: new-b → old-b'],
      ['p/set-a', 'a: new-a → old-a'],
      ['p/tell', 'there is nothing to put back'],
    ]);
    expect(world.writes).toEqual(['a=new-a', 'b=new-b']);

    const execution = await undo();
    expect(execution).toMatchObject({ id: UNDO, planId: 'p', status: 'success' });
    expect(world.writes.slice(2)).toEqual(['b=old-b', 'a=old-a']);
    expect(world.values).toEqual({ a: 'old-a', b: 'old-b', c: 'old-c' });
    expect(await disk.eventsOf(UNDO)).toMatchObject([
      { type: 'rollback-started', undoes: RUN },
      { type: 'step-attempt-started', stepKey: 'p/set-b', description: { summary: 'b: new-b → old-b' } },
      { type: 'step-succeeded' },
      { type: 'step-attempt-started', stepKey: 'p/set-a' },
      { type: 'step-succeeded' },
      { type: 'step-skipped', stepKey: 'p/tell', reason: 'there is nothing to put back' },
      { type: 'rollback-ended', outcome: 'success' },
    ]);
  });

  it('touches nothing where one of the states is no longer what the rollback made', async () => {
    const { world, disk, roll, undo } = rig();
    await roll();
    world.values['a'] = 'somebody-else';
    await expect(undo()).rejects.toMatchObject({ code: 'state-drifted', message: expect.stringContaining('nothing was touched: step set-a: a is somebody-else') as string });
    expect(world.writes).toHaveLength(2);
    expect(await disk.eventsOf(UNDO)).toEqual([]);
  });

  it('refuses what is unknown, runs, was a dry run, is an undo, or is undone', async () => {
    const { world, clock, disk, roll, undo, process } = rig();
    await expect(undo()).rejects.toMatchObject({ code: 'not-found' });
    await driveClock(clock, (async () => {
      const manager = process(new CrashingJournal(disk, 2, 'after'));
      manager.registerPlan({ ...separationPlan(), id: 'p', steps: [set('c')] });
      await manager.executeRollback('p', context, { executionId: 'half' }).catch(() => undefined);
      await expect(process().undo('half', context)).rejects.toMatchObject({ code: 'conflict', message: 'Rollback half has not ended; cancel it first, or wait' });
      const dry = process();
      dry.registerPlan({ ...separationPlan(), id: 'p', steps: [set('c')] });
      await dry.executeRollback('p', context, { executionId: 'dry', dryRun: true });
      await expect(process().undo('dry', context)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('dry run') as string });
    })());
    await roll();
    await undo();
    await expect(process().undo(RUN, context)).rejects.toMatchObject({ code: 'conflict', message: `Rollback ${RUN} has been undone, by ${UNDO}` });
    await expect(process().undo(UNDO, context)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('is an undo itself') as string });
    expect(world.values).toEqual({ a: 'old-a', b: 'old-b', c: 'old-c' });
  });

  it('refuses where nothing at all could be put back', async () => {
    const { roll, undo } = rig();
    await roll([tell]);
    await expect(undo()).rejects.toMatchObject({ code: 'undo-impossible', message: expect.stringContaining('step tell: there is nothing to put back') as string });
  });

  it('puts back what a step that failed has left, and nothing of steps that never began', async () => {
    const { world, disk, roll, undo } = rig();
    world.fails.add('b');
    expect(await roll([set('a'), set('b'), set('c')])).toMatchObject({ status: 'failed' });
    expect((await disk.eventsOf(RUN)).find(({ type }) => type === 'step-failed')).toMatchObject({ left: 'half new-b' });
    world.fails.delete('b');
    expect(await undo()).toMatchObject({ status: 'success' });
    expect(world.values).toEqual({ a: 'old-a', b: 'old-b', c: 'old-c' });
    expect(world.writes.slice(2)).toEqual(['b=old-b', 'a=old-a']);
  });

  it('may be tried again after it has failed, and leaves alone what is back already', async () => {
    const { world, roll, undo, process, clock } = rig();
    await roll();
    world.fails.add('a');
    expect(await undo()).toMatchObject({ status: 'failed' });
    world.fails.delete('a');
    world.values['a'] = 'new-a';
    const again = await driveClock(clock, process().undo(RUN, context, { executionId: 'undo-2' }));
    expect(again.status).toBe('success');
    expect(world.writes.slice(2)).toEqual(['b=old-b', 'a=old-a', 'a=old-a']);
    expect(again.steps.map(({ stepId, logs }) => [stepId, logs[0]?.details?.['reason'] as unknown])).toContainEqual(['set-b', `it has been put back already, by ${UNDO}`]);
  });

  it('is told, and in no way of the rollback, where what was there could not be read in time', async () => {
    const { world, disk, roll, process } = rig();
    world.captureHangs = true;
    expect(await roll([set('a'), set('b')])).toMatchObject({ status: 'success' });
    expect((await disk.eventsOf(RUN)).find(({ type }) => type === 'step-attempt-started')).toMatchObject({ captureProblem: 'what was there before is not known: no answer within 5s' });
    await expect(process().undo(RUN, context)).rejects.toMatchObject({ code: 'undo-impossible', message: expect.stringContaining('no answer within 5s') as string });
  });

  it('never writes a secret down, and so cannot put it back', async () => {
    const redactor = new Redactor();
    redactor.add('s3cret-value');
    const { world, disk, roll, undo } = rig(redactor);
    world.values['a'] = 's3cret-value';
    await roll([set('a'), set('b')]);
    expect(JSON.stringify(await disk.eventsOf(RUN))).not.toContain('s3cret-value');
    const execution = await undo();
    expect(world.values).toMatchObject({ a: 'new-a', b: 'old-b' });
    expect(execution.steps.at(-1)?.logs[0]?.details?.['reason']).toContain('it holds a secret');
  });

  it('can be cancelled', async () => {
    const { world, roll, process, clock } = rig();
    await roll();
    const cancel = new AbortController();
    cancel.abort(new Error('cancelled by ana'));
    const manager = process();
    await expect(driveClock(clock, manager.undo(RUN, context, { signal: cancel.signal }))).rejects.toThrow('cancelled by ana');
    expect(world.writes).toHaveLength(2);
  });

  it('goes on to the same end after a crash at any write', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let crashAt = 1; crashAt <= 7; crashAt += 1) {
        const { world, disk, roll, undo, process, clock } = rig();
        await roll();
        await expect(undo(process(new CrashingJournal(disk, crashAt, when)))).rejects.toThrow('the process has died');
        const [unfinished] = await disk.unfinished();
        const last = unfinished === undefined && (await disk.eventsOf(UNDO)).length === 0 ? undo() : driveClock(clock, process().resume(UNDO));
        expect(await last).toMatchObject({ id: UNDO, status: 'success' });
        expect(world.values).toEqual({ a: 'old-a', b: 'old-b', c: 'old-c' });
        const events = await disk.eventsOf(UNDO);
        expect(events.filter(({ type }) => type === 'step-succeeded')).toHaveLength(2);
        expect(events.at(-1)).toMatchObject({ type: 'rollback-ended', outcome: 'success' });
      }
    }
  });
});
