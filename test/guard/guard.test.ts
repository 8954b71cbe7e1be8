import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { GuardRig, plan, trigger } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';

let rig: GuardRig;

async function rigged(...changes: Parameters<typeof GuardRig.start>): Promise<GuardRig> {
  rig = await GuardRig.start(...changes);
  return rig;
}

afterEach(async () => {
  await rig.end();
  expect(rig.faults).toEqual([]);
  expect(rig.clock.sleeping).toBe(0);
});

const second = 1_000;

describe('from a breach to recovery', () => {
  it('keeps with the decision what led to it, over a restart in the middle of the window as well', async () => {
    const { source, clock } = await rigged();
    await clock.advance(3 * second);
    source.answer = 0.5;
    await clock.advance(5 * second);
    source.answer = 'unreachable';
    await clock.advance(2 * second);
    await rig.stop();
    source.answer = 0.6;
    await rig.open();
    await clock.advance(9 * second);
    const [decision] = (await rig.incident()).decisions;
    expect(decision).toMatchObject({ kind: 'execute', rules: [{ text: 'ErrorRateHigh asks for levels 1 to 3' }], alternatives: [{ level: 2 }, { level: 3, planId: 'release-back' }] });
    const [evidence] = decision?.evidence ?? [];
    expect(evidence).toMatchObject({ query: 'errors', condition: '> 10%', window: 'for 10s', value: '60%' });
    expect(evidence?.samples).toHaveLength(8);
    expect(evidence?.samples?.at(-1)).toEqual({ at: evidence?.firedAt, value: '60%' });
    expect(evidence?.samples?.map(({ value, unknown }) => value ?? unknown)).toEqual(['unreachable', '60%', '60%', '60%', '60%', '60%', '60%', '60%']);
  });

  it('waits for the window, climbs from a rung that does not help to one that does, and proves recovery', async () => {
    const { source, executor, clock } = await rigged();
    executor.acts.set('release-back-step', () => void (source.answer = 0));
    await clock.advance(5 * second);
    source.answer = 0.5;
    await clock.advance(10 * second);
    expect(executor.done).toEqual([]);
    await clock.advance(1 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    await clock.advance(19 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    await clock.advance(2 * second);
    expect(executor.done).toEqual(['flag-off-step', 'release-back-step']);
    await clock.advance(8 * second);
    expect(await rig.story()).toEqual([
      'incident-opened',
      'alert-fired',
      'decision execute sustained-breach 1',
      'rung flag-off enforce automatic',
      'rollback-started',
      'step-attempt-started',
      'step-succeeded',
      'rollback-ended success',
      'verification-started',
      'verification not-recovered',
      'decision execute not-recovered 3',
      'rung release-back enforce automatic',
      'rollback-started',
      'step-attempt-started',
      'step-succeeded',
      'rollback-ended success',
      'verification-started',
      'alert-cleared',
      'verification recovered',
      'recovered rolled-back',
    ]);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', rungs: [{ planId: 'flag-off', level: 1 }, { planId: 'release-back', level: 3 }] });
  });

  it('takes the same decisions in dry run, without an effect, and ends after the first rung', async () => {
    const { source, executor, clock } = await rigged({ mode: 'dry-run' });
    source.answer = 0.5;
    await clock.advance(60 * second);
    expect(executor.done).toEqual([]);
    expect(await rig.story()).toEqual([
      'incident-opened',
      'alert-fired',
      'decision execute sustained-breach 1',
      'rung flag-off dry-run automatic',
      'rollback-started',
      'step-described',
      'rollback-ended would-have',
      'decision suppress already-tried 3',
    ]);
    source.answer = 0;
    await clock.advance(10 * second);
    expect((await rig.story()).slice(-2)).toEqual(['alert-cleared', 'recovered by-itself']);
  });

  it('only tells in observe mode, and for a trigger that only monitors', async () => {
    const { source, executor, clock } = await rigged({ triggers: [trigger({ mode: 'observe' }), trigger({ name: 'Watched', response: 'monitor' })] });
    source.answer = 0.5;
    await clock.advance(60 * second);
    expect(executor.done).toEqual([]);
    expect((await rig.story()).filter((line) => line.startsWith('decision'))).toContain('decision notify-only observe-mode 1');
    expect((await rig.story()).some((line) => line.startsWith('rung'))).toBe(false);
  });

  it('takes what is said of an incident that ends in the same moment for nothing else', async () => {
    const { source, clock } = await rigged({ plans: [plan('flag-off', 1)] });
    source.answer = 0.5;
    await clock.advance(60 * second);
    const { id } = await rig.incident();
    const [closed, ...late] = await Promise.allSettled([rig.guard.closeIncident(id, 'ana', 'known'), rig.guard.acknowledge(id, 'ben'), rig.guard.closeIncident(id, 'ben', 'known too')]);
    expect(closed.status).toBe('fulfilled');
    expect(late).toMatchObject([{ reason: { code: 'conflict' } }, { reason: { code: 'conflict' } }]);
  });

  it('asks a person at the end of the ladder, and goes on when it recovers by itself', async () => {
    const { source, clock } = await rigged({ plans: [plan('flag-off', 1)] });
    source.answer = 0.5;
    await clock.advance(60 * second);
    expect((await rig.story()).slice(-2)).toEqual(['decision notify-only ladder-exhausted', 'needs-human ladder-exhausted']);
    source.answer = 0;
    await clock.advance(10 * second);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', resolution: { how: 'by-itself' } });
  });

  it('schedules a rollback, tells when, and cancels it when it recovers before', async () => {
    const { source, executor, clock } = await rigged({ triggers: [trigger({ response: 'scheduled', delayMs: 60_000 })] });
    source.answer = 0.5;
    await clock.advance(40 * second);
    expect((await rig.incident()).decisions).toMatchObject([{ kind: 'schedule', reason: 'scheduled', level: 1 }]);
    source.answer = 0;
    await clock.advance(60 * second);
    expect(executor.done).toEqual([]);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', resolution: { how: 'by-itself' } });
    source.answer = 0.5;
    await clock.advance(75 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    expect((await rig.incident()).decisions.map(({ kind }) => kind).slice(0, 2)).toEqual(['schedule', 'execute']);
  });

  it('asks a person, with the reason, when a plan cannot be begun', async () => {
    const broken = plan('flag-off', 1);
    const { source, clock, faults } = await rigged({ plans: [{ ...broken, steps: broken.steps.map((step) => ({ ...step, parameters: { version: '${labels.release}' } })) }] });
    source.answer = 0.5;
    await clock.advance(15 * second);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'step-parked', explanation: expect.stringMatching(/^Plan flag-off could not be begun: .*labels\.release/) as string } });
    expect(faults.splice(0)).toHaveLength(1);
  });

  it('asks before a level above maxAutoLevel', async () => {
    const { source, executor, clock } = await rigged({ plans: [plan('restore', 4)], triggers: [trigger({ levels: { from: 4, to: 4 } })] });
    source.answer = 0.5;
    await clock.advance(60 * second);
    expect(executor.done).toEqual([]);
    expect((await rig.story()).slice(-2)).toEqual(['decision await-approval above-max-auto-level 4', 'approval-requested']);
  });

  it('cools down between incidents, and acts when the cooldown is over and the breach still stands', async () => {
    const { source, executor, clock } = await rigged();
    executor.acts.set('flag-off-step', () => void (source.answer = 0));
    source.answer = 0.5;
    await clock.advance(20 * second);
    expect(await rig.incident()).toMatchObject({ status: 'recovered' });
    source.answer = 0.5;
    await clock.advance(60 * second);
    expect((await rig.story()).at(-1)).toBe('decision suppress cooldown 1');
    expect(executor.done).toHaveLength(1);
    await clock.advance(1_800 * second);
    expect(executor.done).toHaveLength(2);
    expect(await rig.incident()).toMatchObject({ status: 'recovered' });
  });
});

describe('blindness', () => {
  it('never rolls back while nothing can be seen, tells people, and goes on when it sees again', async () => {
    const { source, executor, clock } = await rigged();
    source.answer = 0.5;
    await clock.advance(5 * second);
    source.answer = 'unreachable';
    await clock.advance(300 * second);
    expect(executor.done).toEqual([]);
    expect((await rig.events()).filter(({ type }) => type.startsWith('source-'))).toMatchObject([{ type: 'source-blind', source: 'app', targets: ['shop'], message: 'connection refused' }]);
    source.answer = 0.5;
    await clock.advance(9 * second);
    expect(executor.done).toEqual([]);
    await clock.advance(3 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    expect((await rig.events()).filter(({ type }) => type === 'source-seeing')).toHaveLength(1);
  });

  it('does not act when the source goes away at the very moment of the decision', async () => {
    const { source, executor, clock } = await rigged();
    source.answer = 0.5;
    await clock.advance(10 * second);
    const observe = source.observe.bind(source);
    let asked = 0;
    // The window falls due with the next answer; the one after it is the question just before step 1.
    source.observe = (query, at) => {
      asked += 1;
      source.answer = asked === 1 ? 0.5 : 'unreachable';
      return observe(query, at);
    };
    await clock.advance(5 * second);
    expect(executor.done).toEqual([]);
    expect(await rig.story()).toContain('decision suppress blind 1');
  });

  it('does not act when the breach is over just before step 1', async () => {
    const { source, executor, clock } = await rigged();
    source.answer = 0.5;
    await clock.advance(10 * second);
    const observe = source.observe.bind(source);
    let asked = 0;
    source.observe = (query, at) => {
      asked += 1;
      source.answer = asked === 1 ? 0.5 : 0;
      return observe(query, at);
    };
    await clock.advance(15 * second);
    expect(executor.done).toEqual([]);
    expect(await rig.story()).toEqual(['incident-opened', 'alert-fired', 'decision suppress recovered-before-action 1', 'alert-cleared', 'recovered by-itself']);
  });

  it('asks a person when recovery cannot be seen', async () => {
    const { source, executor, clock } = await rigged();
    executor.acts.set('flag-off-step', () => void (source.answer = 'silent'));
    source.answer = 0.5;
    await clock.advance(60 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    expect((await rig.story()).slice(-2)).toEqual(['verification inconclusive', 'needs-human inconclusive']);
  });
});

describe('restarts', () => {
  it('keeps a window that had begun: downtime counts for nothing, and nothing is forgotten', async () => {
    const { source, executor, clock } = await rigged();
    source.answer = 0.5;
    await clock.advance(6 * second);
    await rig.stop();
    await clock.advance(4 * second);
    await rig.open();
    await clock.advance(3 * second);
    expect(executor.done).toEqual([]);
    await clock.advance(4 * second);
    expect(executor.done).toEqual(['flag-off-step']);
  });

  it('goes on with a verification, and neither repeats the rollback nor forgets the incident', async () => {
    const { source, executor, clock } = await rigged();
    executor.acts.set('flag-off-step', () => void (source.answer = 0));
    source.answer = 0.5;
    await clock.advance(13 * second);
    expect(await rig.incident()).toMatchObject({ status: 'verifying' });
    await rig.stop();
    await clock.advance(3 * second);
    await rig.open();
    await clock.advance(10 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    expect(await rig.incident()).toMatchObject({ status: 'recovered' });
  });

  it('finishes a step that was cut off, looking at the real state first', async () => {
    const { source, executor, clock } = await rigged({ plans: [plan('flag-off', 1)] });
    source.answer = 0.5;
    let release = (): void => undefined;
    executor.acts.set('flag-off-step', () => new Promise((resolve) => (release = resolve)));
    await clock.advance(12 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    const stopping = rig.stop();
    release();
    await stopping;
    source.answer = 0;
    await rig.open();
    await clock.advance(10 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', rungs: [{ outcome: 'success' }] });
  });

  it('asks about a rung that was decided and not begun once more, and begins it where the breach still stands', async () => {
    const { source, executor, clock } = await rigged();
    const { directory } = rig;
    source.answer = 0.5;
    await clock.advance(12 * second);
    await rig.stop();
    // As if it had died between the decision and the first step.
    const database = new SqliteDatabase(join(directory, 'belay.db'));
    database.exec("delete from journal where seq > (select seq from journal where type = 'rung-started')");
    database.close();
    executor.done.length = 0;
    await rig.open();
    await clock.advance(2 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    expect((await rig.incident()).rungs).toHaveLength(1);
  });

  it('does not open a closed incident again for the same firing', async () => {
    const { source, clock } = await rigged({ plans: [] });
    source.answer = 0.5;
    await clock.advance(15 * second);
    const { id } = await rig.incident();
    await rig.guard.closeIncident(id, 'ana', 'known');
    const isOver = { code: 'conflict', message: `incident ${id} of shop is over already (closed)` };
    await expect(rig.guard.closeIncident(id, 'ana', 'once more')).rejects.toMatchObject(isOver);
    await expect(rig.guard.acknowledge(id, 'ana')).rejects.toMatchObject(isOver);
    await clock.advance(10 * second);
    await rig.stop();
    await rig.open();
    await clock.advance(30 * second);
    expect(await rig.incident()).toMatchObject({ id, status: 'closed' });
  });
});

describe('people', () => {
  it('hold rollbacks back while paused', async () => {
    const { source, executor, clock } = await rigged();
    const pause = await rig.guard.pause({ target: 'shop', by: 'ana', reason: 'migration' });
    source.answer = 0.5;
    await clock.advance(30 * second);
    expect(executor.done).toEqual([]);
    expect(await rig.story()).toContain('decision suppress paused 1');
    await rig.guard.resume(pause.id, 'ana');
    await clock.advance(2 * second);
    expect(executor.done).toEqual(['flag-off-step']);
  });

  it('start a plan by hand, on which nothing else of the target starts, and have it verified', async () => {
    const { executor, clock } = await rigged();
    await clock.advance(3 * second);
    const { executionId } = await rig.guard.startByHand({ plan: { target: 'shop', level: 3 }, by: 'ana', reason: 'looks broken', dryRun: false });
    await expect(rig.guard.startByHand({ plan: 'flag-off', by: 'bo', reason: 'me too', dryRun: false })).rejects.toMatchObject({ code: 'target-busy' });
    await clock.advance(2 * second);
    expect(executor.done).toEqual(['release-back-step']);
    expect((await rig.incident()).rungs).toMatchObject([{ executionId, trigger: 'manual', by: 'ana', outcome: 'success' }]);
  });

  it('look at what a plan would do, which leaves nothing open', async () => {
    const { executor, clock } = await rigged();
    await rig.guard.startByHand({ plan: 'flag-off', by: 'ana', reason: 'look', dryRun: true });
    await clock.advance(1 * second);
    expect(executor.done).toEqual([]);
    expect(await rig.incident()).toMatchObject({ status: 'closed', rungs: [{ mode: 'dry-run', outcome: 'would-have' }] });
  });

  it('cancel a rollback in the middle of a step, which is really stopped', async () => {
    const { executor, clock } = await rigged();
    let aborted = false;
    executor.acts.set('flag-off-step', (signal) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => {
      aborted = true;
      reject(signal.reason as Error);
    })));
    const { executionId } = await rig.guard.startByHand({ plan: 'flag-off', by: 'ana', reason: 'test', dryRun: false });
    await clock.advance(1 * second);
    await rig.guard.cancel(executionId);
    expect(aborted).toBe(true);
    await clock.advance(1 * second);
    expect((await rig.story()).slice(-2)).toEqual(['rollback-ended cancelled', 'needs-human cancelled']);
  });
});

describe('the budget', () => {
  it('trips to a person, stays tripped over a restart, and a reset lets Belay act again', async () => {
    const { source, executor, clock } = await rigged({
      policy: aPolicy({ cooldownMs: 0, maxRollbacks: { count: 1, perMs: 60_000 } }),
    });
    executor.acts.set('flag-off-step', () => void (source.answer = 0));
    source.answer = 0.5;
    await clock.advance(25 * second);
    expect(await rig.incident()).toMatchObject({ status: 'recovered' });
    source.answer = 0.5;
    await clock.advance(15 * second);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'budget-exhausted' } });
    await clock.advance(120 * second);
    await rig.stop();
    await rig.open();
    await clock.advance(5 * second);
    expect(executor.done).toHaveLength(1);
    await rig.guard.reset('shop', 'ana');
    await clock.advance(15 * second);
    expect(executor.done).toHaveLength(2);
    expect(await rig.incident()).toMatchObject({ status: 'recovered' });
  });
});

describe('the configuration', () => {
  it('is taken over while a source is blind, and people hear of its return all the same', async () => {
    const { source, clock } = await rigged();
    source.answer = 'unreachable';
    await clock.advance(70 * second);
    await rig.guard.declare(rig.declaration, rig.eyes);
    await clock.advance(5 * second);
    await rig.stop();
    await rig.open();
    source.answer = 0;
    await clock.advance(5 * second);
    expect((await rig.events()).map(({ type }) => type).filter((type) => type.startsWith('source-'))).toEqual(['source-blind', 'source-seeing']);
  });

  it('that takes a trigger away under a rollback makes its alert unknown: nothing climbs by how it stood at last', async () => {
    const { source, executor, clock } = await rigged();
    source.answer = 0.5;
    await clock.advance(12 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    await rig.guard.declare({ ...rig.declaration, triggers: [] }, rig.eyes);
    await clock.advance(60 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'inconclusive' } });
    expect(await rig.store.guard.loadAlerts()).toEqual([]);
  });
});
