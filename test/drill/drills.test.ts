import { afterEach, describe, expect, it } from 'vitest';
import type { GuardDeclaration } from '../../src/guard/guard-declaration.js';
import { composeMessages } from '../../src/notify/compose-messages.js';
import type { RollbackManager } from '../../src/rollback/rollback-manager.js';
import { aDrill, DrillRig } from '../support/drill-rig.js';
import { plan } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';

const minute = 60_000;
const hour = 60 * minute;

let drills: DrillRig;

async function held(startAt: string, declared = [aDrill()], changes: Partial<GuardDeclaration> = {}, register?: (rollbacks: RollbackManager) => void): Promise<void> {
  drills = await DrillRig.start(startAt, declared, changes, register);
}

/** The state of the first step that is looked at is not told before somebody gives up. */
function hanging(): void {
  let asked = 0;
  drills.rig.executor.describe = ((_step: unknown, _context: unknown, signal: AbortSignal) =>
    ++asked > 1 ? Promise.resolve({ summary: 'off' }) : new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))) as typeof drills.rig.executor.describe;
}

afterEach(async () => {
  await drills.end();
  expect(drills.rig.faults).toEqual([]);
  expect(drills.rig.clock.sleeping).toBe(0);
});

describe('by its schedule', () => {
  it('a plan is announced, walked without an effect, and told', async () => {
    await held('2026-12-01T09:40:00Z');
    await drills.rig.clock.advance(30 * minute);
    expect(await drills.story()).toEqual(['12-01T09:45 announced flag-off', '12-01T10:00 started flag-off by schedule', '12-01T10:00 ended flag-off passed']);
    expect(await drills.run()).toMatchObject({ kind: 'plan', name: 'flag-off', status: 'passed', gaps: [], steps: [{ name: 'flag-off', status: 'ok', detail: 'flag-off-step: on → off', documentedMs: 5_000 }] });
    expect(drills.rig.executor.done).toEqual([]);
    expect(drills.service.drills()).toMatchObject([
      { name: 'flag-off', lastPassedAt: Date.parse('2026-12-01T10:00:00Z'), nextAt: Date.parse('2027-01-01T10:00:00Z'), documentedMs: minute, targets: ['shop'] },
      { name: 'release-back', warning: 'plan release-back was never drilled' },
    ]);
    expect(drills.service.drills()[0]).not.toHaveProperty('warning', expect.anything());
  });

  it('it counts for no budget and no cooldown, and the breach after it is rolled back', async () => {
    await held('2026-12-01T09:59:00Z');
    await drills.rig.clock.advance(2 * minute);
    drills.rig.executor.acts.set('flag-off-step', () => void (drills.rig.source.answer = 0));
    drills.rig.source.answer = 0.5;
    await drills.rig.clock.advance(minute);
    expect(await drills.rig.incident()).toMatchObject({ status: 'recovered', rungs: [{ planId: 'flag-off', outcome: 'success' }] });
  });

  it.each([
    ['paused', (): Promise<unknown> => drills.rig.guard.pause({ target: 'shop', by: 'ana', reason: 'a release', until: undefined }), {}],
    ['frozen', (): Promise<unknown> => Promise.resolve(), { policy: aPolicy({ freeze: [{ cron: '0 0 1 12 *', timezone: 'UTC', forMs: 24 * hour, reason: 'the sale' }] }) }],
    ['incident', async (): Promise<unknown> => drills.rig.guard.startByHand({ plan: 'release-back', by: 'ana', reason: 'it fails', dryRun: true }), {}],
  ])('it is not held while the target is %s, which is told', async (reason, obstruct, changes) => {
    await held('2026-12-01T09:59:00Z', [aDrill({ announceMs: 0 })], changes);
    if (reason === 'incident') drills.rig.source.answer = 0.5;
    await drills.rig.clock.advance(0);
    await obstruct();
    await drills.rig.clock.advance(2 * minute);
    expect(await drills.story()).toEqual([`12-01T10:00 skipped flag-off ${reason}`]);
    expect(drills.service.drills()[0]?.warning).toBe('plan flag-off was never drilled');
  });

  it('one that was missed for less than an hour is made up for; a later one is told of and waits for its next time', async () => {
    await held('2026-12-01T09:50:00Z');
    await drills.restart(20 * minute);
    expect(await drills.story()).toEqual(['12-01T09:50 announced flag-off', '12-01T10:10 started flag-off by schedule', '12-01T10:10 ended flag-off passed']);
    await drills.restart(62 * 24 * hour);
    expect((await drills.story()).slice(3)).toEqual(['02-01T10:10 started flag-off by schedule', '02-01T10:10 ended flag-off passed']);
    await drills.restart(30 * 24 * hour);
    expect((await drills.story()).slice(5)).toEqual(['03-03T10:10 skipped flag-off missed']);
    await drills.restart(minute);
    expect(await drills.story()).toHaveLength(6);
  });

  it('what the files name only now was not missed before', async () => {
    await held('2026-12-01T10:20:00Z', []);
    drills.drills = [aDrill()];
    drills.service.declare();
    await drills.rig.clock.advance(10 * minute);
    expect(await drills.story()).toEqual([]);
  });
});

describe('something real', () => {
  it('ends a drill at once, and is not held up by it', async () => {
    await held('2026-12-01T09:59:52Z', [aDrill({ announceMs: 0 })]);
    hanging();
    drills.rig.source.answer = 0.5;
    await drills.rig.clock.advance(9_000);
    expect(await drills.run()).toMatchObject({ status: 'running', steps: [{ status: 'waiting' }] });
    await drills.rig.clock.advance(3_000);
    expect(await drills.run()).toMatchObject({ status: 'cancelled', explanation: 'shop has a real incident.' });
    expect(drills.rig.executor.done).toEqual(['flag-off-step']);
    // What was cut off says nothing about the plan.
    expect(drills.service.drills()[0]).toMatchObject({ last: { status: 'cancelled' }, warning: 'plan flag-off was never drilled' });
  });

  it('so does a pause, for everything too', async () => {
    await held('2026-12-01T09:59:59Z', [aDrill({ announceMs: 0 })]);
    hanging();
    await drills.rig.clock.advance(2_000);
    await drills.rig.guard.pause({ by: 'ana', reason: 'stop it all', target: undefined, until: undefined });
    await drills.rig.clock.advance(0);
    expect(await drills.run()).toMatchObject({ status: 'cancelled', explanation: 'everything was paused by ana: stop it all.' });
  });

  it('on another target leaves it alone', async () => {
    await held('2026-12-01T09:59:59Z', [aDrill({ announceMs: 0 })], { targets: ['shop', 'mail'].map((name) => ({ name, owners: [], priority: 'critical', hasHealth: false })) });
    hanging();
    await drills.rig.clock.advance(2_000);
    await drills.rig.guard.pause({ by: 'ana', reason: 'a release', target: 'mail', until: undefined });
    await drills.rig.clock.advance(0);
    expect(await drills.run()).toMatchObject({ status: 'running' });
    await drills.service.cancelDrill('drill-1', 'ana');
    expect(await drills.run()).toMatchObject({ status: 'cancelled', explanation: 'cancelled by ana.' });
  });
});

describe('by hand', () => {
  it('any plan can be practised, in a freeze too; one drill at a time, and none in an incident', async () => {
    await held('2026-12-05T10:00:00Z', [], { policy: aPolicy({ freeze: [{ cron: '0 0 5 12 *', timezone: 'UTC', forMs: 24 * hour, reason: 'the sale' }] }) });
    hanging();
    const { executionId } = await drills.service.startDrill({ subject: { kind: 'plan', name: 'release-back' }, dryRun: false }, 'ana');
    await expect(drills.service.startDrill({ subject: { kind: 'plan', name: 'flag-off' }, dryRun: false }, 'bo')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('drill of plan release-back is under way') as string });
    await drills.service.cancelDrill(executionId, 'ana');
    await expect(drills.service.startDrill({ subject: { kind: 'plan', name: 'flag-of' }, dryRun: false }, 'bo')).rejects.toMatchObject({ code: 'plan-not-found' });
    await expect(drills.service.startDrill({ subject: { kind: 'backup', name: 'orders' }, dryRun: false }, 'bo')).rejects.toMatchObject({ code: 'not-found' });
    drills.rig.source.answer = 0.5;
    await drills.rig.clock.advance(30_000);
    await expect(drills.service.startDrill({ subject: { kind: 'plan', name: 'flag-off' }, dryRun: false }, 'bo')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('shop has an open incident') as string });
  });
});

it('a drill asks and calls nobody, however it ends: only what is marked as a drill is told', async () => {
  const step = { id: 'go', name: 'go', description: '', type: 'record', parameters: {}, timeout: 5 };
  await held('2026-12-01T09:40:00Z', [aDrill()], { plans: [plan('flag-off', 4, { steps: [step], approval: 'level4' })], policy: aPolicy({ maxAutoLevel: 1 }) }, (rollbacks) =>
    rollbacks.registerExecutor('record', { execute: () => Promise.resolve(), describe: () => Promise.reject(new Error('connection refused')) }),
  );
  await drills.rig.clock.advance(3 * hour);
  expect(await drills.run()).toMatchObject({ status: 'failed' });
  const entries = await drills.rig.store.guard.entriesAfter(0, 1_000);
  // Who is called when nobody answers goes by incidents.
  expect(entries.filter(({ event }) => 'incidentId' in event && event.incidentId !== undefined)).toEqual([]);
  const told = entries.flatMap((entry) => composeMessages(entry, entries.filter(({ seq }) => seq <= entry.seq)));
  expect(told.filter(({ kind }) => kind !== 'guard').map(({ kind, title, tell, questions }) => [kind, title.slice(0, 'DRILL: '.length), tell, questions])).toEqual(Array(3).fill(['drill', 'DRILL: ', undefined, undefined]));
});

describe('what is found', () => {
  it('a backup that is not good enough fails the drill of the plan that would need it', async () => {
    await held('2026-12-01T09:59:00Z', [aDrill()], {}, (rollbacks) =>
      rollbacks.registerExecutor('record', { execute: () => Promise.resolve(), describe: () => Promise.resolve({ summary: 'restore monday' }), ready: () => Promise.reject(new Error('backup monday is 3 days old')) }),
    );
    await drills.rig.clock.advance(2 * minute);
    expect(await drills.run()).toMatchObject({ status: 'failed', gaps: ['flag-off: the plan would not begin: backup monday is 3 days old'] });
    expect(drills.service.drills()[0]?.warning).toBe('the last drill of plan flag-off failed: flag-off: the plan would not begin: backup monday is 3 days old');
  });

  it('so does a verification that gives no answer', async () => {
    const check = { type: 'health', name: 'health of shop', target: 'shop', timeoutMs: 1_000 } as const;
    await held('2026-12-01T09:59:00Z', [aDrill()], { verifications: new Map([['flag-off', { checks: [check], holdMs: 1_000, timeoutMs: 5_000, intervalMs: 1_000 }]]) });
    drills.rig.checkResult = 'unknown';
    await drills.rig.clock.advance(2 * minute);
    expect(await drills.run()).toMatchObject({ status: 'failed', gaps: ['verification can be asked: check health of shop gives no answer: as the test says'] });
  });

  it('a plan that lacks what it goes back to cannot be held', async () => {
    const step = { id: 's', name: 's', description: '', type: 'record', parameters: { version: '${rollbackPoint.version}' }, timeout: 5 };
    await held('2026-12-01T09:59:00Z', [aDrill()], { plans: [plan('flag-off', 1, { steps: [step] })] });
    await drills.rig.clock.advance(2 * minute);
    expect(await drills.run()).toMatchObject({ status: 'failed', explanation: expect.stringContaining('rollbackPoint.version') as string });
  });
});

it('a drill in which Belay dies is called interrupted and is not taken up again', async () => {
  await held('2026-12-01T09:59:59Z', [aDrill({ announceMs: 0 })]);
  await drills.end();
  // The journal of a daemon that was killed in the middle of the drill.
  const at = Date.parse('2026-12-01T10:00:00Z');
  const subject = { kind: 'plan', name: 'flag-off' } as const;
  const step = plan('flag-off', 1).steps.map((own) => ({ key: `flag-off/${own.id}`, planId: 'flag-off', step: own }));
  await held('2026-12-01T10:00:30Z');
  await drills.service.stop();
  await drills.rig.stop();
  await drills.rig.appendWhileDown(
    { type: 'drill-started', at, executionId: 'drill-7', drill: subject, trigger: 'schedule', by: 'schedule', dueAt: at, targets: ['shop'] },
    { type: 'rollback-started', at, executionId: 'drill-7', planId: 'flag-off', planName: 'flag-off', dryRun: true, context: { environment: 'test', trigger: 'automatic', metadata: {} }, steps: step, isDrill: true },
  );
  await drills.rig.open();
  await drills.open(30_000);
  expect(await drills.run('drill-7')).toMatchObject({ status: 'interrupted', explanation: 'Belay was stopped in the middle of it.' });
  expect((await drills.rig.events()).filter((event) => 'executionId' in event && event.executionId === 'drill-7').map(({ type }) => type)).toEqual(['drill-started', 'rollback-started', 'rollback-resumed', 'cancel-requested', 'rollback-ended', 'drill-ended']);
  await drills.rig.clock.advance(5 * minute);
  expect(await drills.story()).toHaveLength(2);
});
