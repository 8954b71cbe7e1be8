import { afterEach, describe, expect, it } from 'vitest';
import { WaitExecutor } from '../../src/executor/steps/wait-executor.js';
import type { RollbackPlan } from '../../src/rollback/rollback-plan.js';
import { GuardRig, plan } from '../support/guard-rig.js';

const second = 1_000;
const step = (id: string, changes: Partial<RollbackPlan['steps'][number]> = {}): RollbackPlan['steps'][number] => ({ id, name: id, description: '', type: 'record', parameters: {}, timeout: 60, ...changes });
const twoSteps = plan('flag-off', 1, { steps: [step('first'), step('second')] });
const words = 'paused by ana: wrong guess';

let rig: GuardRig;

/** A target that breaches until the first step of its plan runs. */
async function breaching(plans: readonly RollbackPlan[]): Promise<GuardRig> {
  rig = await GuardRig.start({ plans: [...plans] });
  rig.source.answer = 0.5;
  return rig;
}

const pause = (changes: Partial<Parameters<GuardRig['guard']['pause']>[0]> = {}): ReturnType<GuardRig['guard']['pause']> => rig.guard.pause({ by: 'ana', reason: 'wrong guess', ...changes });

/** A step that ends when it is told to. */
function held(id: string): { readonly end: () => void; readonly wasAborted: () => boolean } {
  let end = (): void => undefined;
  let aborted = false;
  rig.executor.acts.set(id, (signal) => new Promise<void>((resolve, reject) => {
    end = resolve;
    signal?.addEventListener('abort', () => {
      aborted = true;
      reject(signal.reason as Error);
    });
  }));
  return { end: () => end(), wasAborted: () => aborted };
}

async function expectStopped(what: string): Promise<void> {
  expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'cancelled', explanation: `The ${what} was cancelled: ${words}.` } });
}

/** Nothing starts again: not by itself, not after a restart, and not when the pause is over. */
async function expectNotTakenUp(): Promise<void> {
  const done = [...rig.executor.done];
  const { length: rungs } = (await rig.incident()).rungs;
  await rig.clock.advance(30 * second);
  await rig.stop();
  await rig.open();
  await rig.clock.advance(30 * second);
  for (const { id } of rig.guard.pauses) await rig.guard.resume(id, 'ana');
  await rig.clock.advance(60 * second);
  expect(rig.executor.done).toEqual(done);
  expect(await rig.incident()).toMatchObject({ status: 'needs-human', rungs: { length: rungs } });
}

afterEach(async () => {
  await rig.end();
  expect(rig.faults).toEqual([]);
  expect(rig.clock.sleeping).toBe(0);
});

describe('a pause in the middle of a plan', () => {
  it('lets the running step end, and begins no other', async () => {
    const { executor, clock } = await breaching([twoSteps]);
    const first = held('first');
    await clock.advance(12 * second);
    await pause();
    await clock.advance(3 * second);
    expect(first.wasAborted()).toBe(false);
    first.end();
    await clock.advance(1 * second);
    expect(executor.done).toEqual(['first']);
    expect((await rig.incident()).rungs).toMatchObject([{ outcome: 'cancelled', error: `Cancelled before step: second - cancelled: ${words}`, steps: [{ status: 'success' }, { status: 'waiting' }] }]);
    await expectStopped('rollback');
    await expectNotTakenUp();
  });

  it('aborts the running step with now, within a second', async () => {
    const { executor, clock } = await breaching([twoSteps]);
    const first = held('first');
    await clock.advance(12 * second);
    await pause({ now: true });
    await rig.clock.advance(1);
    expect(first.wasAborted()).toBe(true);
    await clock.advance(1 * second);
    expect(executor.done).toEqual(['first']);
    await expectStopped('rollback');
    await expectNotTakenUp();
  });

  it('aborts it when the second pause says now', async () => {
    await breaching([twoSteps]);
    const first = held('first');
    await rig.clock.advance(12 * second);
    await pause();
    expect(first.wasAborted()).toBe(false);
    await pause({ now: true });
    await rig.clock.advance(1);
    expect(first.wasAborted()).toBe(true);
    await rig.clock.advance(1 * second);
    await expectStopped('rollback');
  });

  it('ends the waiting for a retry', async () => {
    const { executor, clock } = await breaching([plan('flag-off', 1, { steps: [step('first', { retryPolicy: { maxAttempts: 5, backoffMultiplier: 10 } })] })]);
    executor.acts.set('first', () => Promise.reject(new Error('no answer')));
    await clock.advance(14 * second);
    expect(executor.done).toEqual(['first', 'first']);
    await pause({ target: 'shop' });
    await clock.advance(1 * second);
    expect((await rig.incident()).rungs).toMatchObject([{ outcome: 'cancelled' }]);
    await expectStopped('rollback');
    await expectNotTakenUp();
  });

  it('ends a step that only waits at once', async () => {
    rig = await GuardRig.start({ plans: [plan('flag-off', 1, { steps: [step('settle', { type: 'wait', parameters: { duration: '10m' }, timeout: 700 }), step('second')] })] }, (rollbacks, clock) => rollbacks.registerExecutor('wait', new WaitExecutor(clock)));
    rig.source.answer = 0.5;
    await rig.clock.advance(12 * second);
    await pause();
    await rig.clock.advance(1 * second);
    expect((await rig.incident()).rungs).toMatchObject([{ outcome: 'cancelled' }]);
    expect(rig.executor.done).toEqual([]);
    await expectStopped('rollback');
  });

  it('reaches from a dependency to the plan that needs it', async () => {
    const { executor, clock } = await breaching([plan('flag-off', 1, { dependencies: ['drain'] }), plan('drain', undefined, { target: undefined })]);
    const drain = held('drain-step');
    await clock.advance(12 * second);
    await pause();
    drain.end();
    await clock.advance(1 * second);
    expect(executor.done).toEqual(['drain-step']);
    await expectStopped('rollback');
    await expectNotTakenUp();
  });

  it('ends the verification, too, even where the last step ended after it', async () => {
    const { clock } = await breaching([plan('flag-off', 1)]);
    const only = held('flag-off-step');
    await clock.advance(12 * second);
    await pause();
    only.end();
    await clock.advance(5 * second);
    expect(await rig.story()).not.toContain('verification-started');
    await expectStopped('verification');
    await expectNotTakenUp();
  });

  it('ends a verification that is under way, and climbs no ladder', async () => {
    const { executor, clock } = await breaching([plan('flag-off', 1), plan('release-back', 3)]);
    await clock.advance(15 * second);
    expect((await rig.incident()).status).toBe('verifying');
    await pause();
    await clock.advance(60 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    await expectStopped('verification');
    await expectNotTakenUp();
  });

  it('leaves other targets alone', async () => {
    const { clock } = await breaching([twoSteps]);
    rig.declaration = { ...rig.declaration, targets: [...rig.declaration.targets, { name: 'depot', owners: [], priority: 'low', hasHealth: false }] };
    await rig.guard.declare(rig.declaration, rig.eyes);
    const first = held('first');
    await clock.advance(25 * second);
    await pause({ target: 'depot', now: true });
    expect(first.wasAborted()).toBe(false);
    first.end();
    await clock.advance(1 * second);
    expect(rig.executor.done).toEqual(['first', 'second']);
  });
});

describe('a pause and the person who starts a plan', () => {
  it('does not hinder one that begins after it, and stops one that began before', async () => {
    rig = await GuardRig.start({ plans: [twoSteps] });
    const byHand = { plan: 'flag-off', by: 'bo', reason: 'I know', dryRun: false, mayStartAnyLevel: false };
    await pause();
    await rig.clock.advance(1 * second);
    await rig.guard.startByHand(byHand);
    const first = held('first');
    await rig.clock.advance(1 * second);
    await pause();
    first.end();
    await rig.clock.advance(1 * second);
    expect(rig.executor.done).toEqual(['first']);
    await expectStopped('rollback');
  });
});

describe('a pause and a crash', () => {
  /** The line is durable, and Belay dies before it has told anybody. */
  const pausedJustBeforeTheCrash = async (isOver: boolean): Promise<void> => {
    const at = rig.clock.now();
    const paused = { type: 'paused', at, pauseId: 'pause-x', by: 'ana', reason: 'wrong guess' } as const;
    await rig.store.guard.append(isOver ? [paused, { type: 'resumed', at, pauseId: 'pause-x', by: 'ana' }] : [paused]);
  };

  it.each([true, false])('is not forgotten where the rollback was to go on (the pause is over by then: %s)', async (isOver) => {
    const { executor, clock } = await breaching([twoSteps]);
    const first = held('first');
    await clock.advance(12 * second);
    await clock.advance(second);
    await pausedJustBeforeTheCrash(isOver);
    const stopped = rig.stop();
    first.end();
    await stopped;
    await rig.open();
    await clock.advance(10 * second);
    expect(executor.done).toEqual(['first']);
    await expectStopped('rollback');
    await expectNotTakenUp();
  });

  it.each([true, false])('is not forgotten where the verification was to begin anew (the pause is over by then: %s)', async (isOver) => {
    const { clock } = await breaching([plan('flag-off', 1), plan('release-back', 3)]);
    await clock.advance(15 * second);
    await pausedJustBeforeTheCrash(isOver);
    await rig.stop();
    await rig.open();
    await clock.advance(30 * second);
    await expectStopped('verification');
    await expectNotTakenUp();
  });

  it('does not stop what began after a pause that was over', async () => {
    const { executor, clock } = await breaching([twoSteps]);
    const { id } = await pause();
    await clock.advance(15 * second);
    await rig.guard.resume(id, 'ana');
    const first = held('first');
    await clock.advance(2 * second);
    const stopped = rig.stop();
    first.end();
    await stopped;
    await rig.open();
    await clock.advance(2 * second);
    expect(executor.done).toEqual(['first', 'second']);
  });
});

describe('a pause with an end', () => {
  it('holds back until then, and not longer', async () => {
    const { executor, clock } = await breaching([plan('flag-off', 1)]);
    await pause({ until: clock.now() + 30 * second });
    await clock.advance(29 * second);
    expect(executor.done).toEqual([]);
    expect((await rig.incident()).decisions).toMatchObject([{ reason: 'paused', explanation: 'Paused by ana: wrong guess.' }]);
    await clock.advance(3 * second);
    expect(executor.done).toEqual(['flag-off-step']);
  });
});
