import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { GuardDeclaration } from '../../src/guard/guard-declaration.js';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { GuardRig, plan, trigger, verification } from '../support/guard-rig.js';

const second = 1_000;

let rig: GuardRig;

/** Triggers with questions of their own, which are answered by `rig.source.answers`. */
async function laddered(triggers: readonly Trigger[], changes: Partial<GuardDeclaration> = {}): Promise<GuardRig> {
  rig = await GuardRig.start({ triggers, plans: ([1, 2, 3] as const).map((level) => plan(`level-${level}`, level)), ...changes });
  return rig;
}

function asking(name: string, from: 1 | 2 | 3 | 4, to: 1 | 2 | 3 | 4 | 5 = from, changes: Partial<Trigger> = {}): Trigger {
  return trigger({ name, query: { kind: 'promql', expr: name }, queryText: name, levels: { from, to }, ...changes });
}

function set(name: string, answer: number | 'silent' | 'unreachable'): void {
  rig.source.answers.set(name, answer);
}

/** A window that is full soon: what it watches can begin to fire within a verification. */
const soon = { window: { kind: 'for', forMs: 2 * second } } as const;

/** Stops, and leaves of the journal what was durable when `type` was: as if the daemon had died then. */
async function dieAfter(type: JournalEvent['type']): Promise<void> {
  await rig.stop();
  const database = new SqliteDatabase(join(rig.directory, 'belay.db'));
  database.prepare('delete from journal where seq > (select min(seq) from journal where type = ?)').run(type);
  database.close();
}

const ran = (): readonly string[] => rig.executor.done.map((step) => step.replace('-step', ''));
const lines = async (start: string): Promise<readonly string[]> => (await rig.story()).filter((line) => line.startsWith(start));

afterEach(async () => {
  await rig.end();
  expect(rig.faults).toEqual([]);
  expect(rig.clock.sleeping).toBe(0);
});

describe('several triggers with different ranges', () => {
  it('that fire together make one ladder: from the highest low end to the highest high end', async () => {
    await laddered([asking('Errors', 1, 2), asking('Latency', 2, 3), asking('Queue', 1)]);
    for (const name of ['Errors', 'Latency', 'Queue']) set(name, 0.5);
    await rig.clock.advance(80 * second);
    expect(ran()).toEqual(['level-2', 'level-3']);
    const { decisions, status, needsHuman } = await rig.incident();
    expect(decisions[0]).toMatchObject({ ladder: { from: 2, to: 3 }, level: 2, rules: [{ trigger: 'Errors' }, { trigger: 'Latency' }, { trigger: 'Queue' }] });
    expect({ status, reason: needsHuman?.reason }).toEqual({ status: 'needs-human', reason: 'ladder-exhausted' });
  });

  it('that are only kept firing after they were clear start no further level: a person is asked', async () => {
    await laddered([asking('Errors', 1, 3, { keepFiringForMs: 60 * second })]);
    rig.executor.acts.set('level-1-step', () => set('Errors', 0));
    set('Errors', 0.5);
    await rig.clock.advance(80 * second);
    expect(ran()).toEqual(['level-1']);
    expect(await lines('verification ')).toEqual(['verification inconclusive']);
    expect((await rig.incident()).needsHuman?.explanation).toContain('kept firing by keepFiringFor');
  });

  it('count as long as they fire: one that has cleared before anything starts asks for nothing', async () => {
    await laddered([asking('Errors', 1, 1, { response: 'scheduled', delayMs: 30 * second }), asking('Latency', 3, 3, { response: 'scheduled', delayMs: 60 * second })]);
    set('Errors', 0.5);
    set('Latency', 0.5);
    await rig.clock.advance(15 * second);
    expect((await rig.incident()).decisions.at(-1)).toMatchObject({ kind: 'schedule', level: 3 });
    set('Latency', 0);
    await rig.clock.advance(30 * second);
    expect(ran()).toEqual(['level-1']);
  });

  it('do not wait for one another: the one that acts at once is not held up by one that is scheduled or only monitors', async () => {
    await laddered([asking('Errors', 1), asking('Slow', 3, 3, { response: 'scheduled', delayMs: 600 * second }), asking('Watched', 4, 5, { response: 'monitor' })]);
    for (const name of ['Errors', 'Slow', 'Watched']) set(name, 0.5);
    await rig.clock.advance(12 * second);
    expect(ran()).toEqual(['level-1']);
    expect((await rig.incident()).decisions[0]).toMatchObject({ ladder: { from: 1, to: 1 } });
  });
});

describe('rungs without plans', () => {
  it('are skipped at the low end, in the middle and at the high end', async () => {
    await laddered([asking('Errors', 1, 4)], { plans: [plan('level-3', 3), plan('flag-of-another', 1, { target: 'other' })] });
    set('Errors', 0.5);
    await rig.clock.advance(60 * second);
    expect(ran()).toEqual(['level-3']);
    expect((await rig.story()).slice(-2)).toEqual(['decision notify-only ladder-exhausted', 'needs-human ladder-exhausted']);
    expect((await rig.incident()).decisions[0]?.alternatives).toMatchObject([{ level: 1 }, { level: 2 }, { level: 4 }]);
  });

  it('leave it to a person where no rung has one, and nothing is begun', async () => {
    await laddered([asking('Errors', 4, 5)]);
    set('Errors', 0.5);
    await rig.clock.advance(30 * second);
    expect((await rig.story()).slice(-2)).toEqual(['decision notify-only no-plan', 'needs-human no-plan']);
    expect((await rig.incident()).rungs).toEqual([]);
  });
});

describe('an alert that begins while a rollback or its verification goes on', () => {
  it('is evidence, and no new start; while it fires, nothing has recovered', async () => {
    await laddered([asking('Errors', 1, 2), asking('Restarting', 3, 3, soon)]);
    rig.executor.acts.set('level-1-step', () => {
      set('Errors', 0);
      set('Restarting', 0.5);
    });
    rig.executor.acts.set('level-2-step', () => set('Restarting', 0));
    set('Errors', 0.5);
    await rig.clock.advance(60 * second);
    expect(ran()).toEqual(['level-1', 'level-2']);
    const { alerts, decisions, status } = await rig.incident();
    expect(alerts.map(({ evidence, duringRollback }) => [evidence.trigger, duringRollback])).toEqual([['Errors', false], ['Restarting', true]]);
    expect(decisions.flatMap(({ kind, ladder }) => (kind === 'execute' ? [ladder] : []))).toEqual([{ from: 1, to: 2 }, { from: 1, to: 2 }]);
    expect(status).toBe('recovered');
    expect(await rig.store.guard.incidents({ limit: 10 })).toHaveLength(1);
  });

  it('and clears again before the end of the verification hinders nothing', async () => {
    await laddered([asking('Errors', 1, 2), asking('Restarting', 3, 3, soon)]);
    rig.executor.acts.set('level-1-step', async () => {
      set('Errors', 0);
      set('Restarting', 0.5);
      await rig.clock.sleepUntil(rig.clock.now() + 3 * second);
    });
    set('Errors', 0.5);
    await rig.clock.advance(15 * second);
    set('Restarting', 0);
    await rig.clock.advance(15 * second);
    expect(ran()).toEqual(['level-1']);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', alerts: [{ evidence: { trigger: 'Errors' } }, { evidence: { trigger: 'Restarting' }, duringRollback: true }] });
  });

  it('and lasts beyond the ladder asks a person, though its own range goes higher', async () => {
    await laddered([asking('Errors', 1), asking('Restarting', 3, 3, soon)]);
    rig.executor.acts.set('level-1-step', () => {
      set('Errors', 0);
      set('Restarting', 0.5);
    });
    set('Errors', 0.5);
    await rig.clock.advance(60 * second);
    expect(ran()).toEqual(['level-1']);
    expect((await rig.story()).slice(-2)).toEqual(['decision notify-only ladder-exhausted', 'needs-human ladder-exhausted']);
  });
});

describe('what stops the ladder', () => {
  it('is a verification that could not measure', async () => {
    const check = { type: 'health', name: 'health', target: 'shop', timeoutMs: second } as const;
    await laddered([asking('Errors', 1, 3)], { verifications: new Map([['level-1', { ...verification, checks: [check] }]]) });
    rig.executor.acts.set('level-1-step', () => set('Errors', 0));
    rig.checkResult = 'error';
    set('Errors', 0.5);
    await rig.clock.advance(60 * second);
    expect(ran()).toEqual(['level-1']);
    expect(await rig.story()).toEqual(expect.arrayContaining(['verification error', 'needs-human verification-error']));
    expect(await rig.incident()).toMatchObject({ rungs: { length: 1 } });
  });

  it('is a verification that cannot see, whatever fires afterwards', async () => {
    await laddered([asking('Errors', 1, 3)]);
    rig.executor.acts.set('level-1-step', () => set('Errors', 'unreachable'));
    set('Errors', 0.5);
    await rig.clock.advance(60 * second);
    set('Errors', 0.5);
    await rig.clock.advance(60 * second);
    expect(ran()).toEqual(['level-1']);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'inconclusive' } });
  });

  it('is a parked step, over a restart as well', async () => {
    const steps = [{ id: 'once', name: 'once', description: '', type: 'record', parameters: {}, timeout: 60, idempotent: false }];
    await laddered([asking('Errors', 1, 3)], { plans: [plan('level-1', 1, { steps }), plan('level-3', 3)] });
    set('Errors', 0.5);
    await rig.clock.advance(12 * second);
    await dieAfter('step-attempt-started');
    await rig.open();
    await rig.clock.advance(60 * second);
    expect(rig.executor.done).toEqual(['once']);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'step-parked' }, rungs: [{ outcome: 'parked' }] });
    await rig.stop();
    await rig.open();
    await rig.clock.advance(60 * second);
    expect(rig.executor.done).toEqual(['once']);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', rungs: { length: 1 } });
  });

  it('is not a step that failed: its rung is verified, and what is proved not to have helped is followed by the next', async () => {
    await laddered([asking('Errors', 1, 2)]);
    rig.executor.acts.set('level-1-step', () => Promise.reject(new Error('no such flag')));
    rig.executor.acts.set('level-2-step', () => set('Errors', 0));
    set('Errors', 0.5);
    await rig.clock.advance(60 * second);
    expect(ran()).toEqual(['level-1', 'level-2']);
    expect(await lines('verification ')).toEqual(['verification not-recovered', 'verification recovered']);
  });
});

describe('a rung that was called off before its first step', () => {
  it('leaves no ladder behind: the next breach of the incident has its own', async () => {
    await laddered([asking('Errors', 1), asking('Latency', 2, 3, soon)]);
    set('Errors', 0.5);
    await rig.clock.advance(12 * second);
    await dieAfter('rung-started');
    rig.executor.done.length = 0;
    set('Errors', 0);
    set('Latency', 0.5);
    await rig.open();
    await rig.clock.advance(60 * second);
    expect(await lines('rollback-ended')).toEqual(['rollback-ended cancelled', 'rollback-ended success', 'rollback-ended success']);
    expect(ran()).toEqual(['level-2', 'level-3']);
  });
});
