import { afterEach, describe, expect, it } from 'vitest';
import type { Answerer } from '../../src/decision/approval.js';
import type { ApprovalPolicy, Approvals, Person } from '../../src/decision/approval-need.js';
import { GuardRig, plan, trigger } from '../support/guard-rig.js';

let rig: GuardRig;

afterEach(async () => {
  await rig.end();
  expect(rig.faults).toEqual([]);
  expect(rig.clock.sleeping).toBe(0);
});

const second = 1_000;
const minute = 60 * second;
const people: readonly Person[] = [
  { name: 'ana', email: 'ana@example.com', slack: 'U1', groups: ['oncall'], isApprover: true },
  { name: 'cy', groups: ['dba'], isApprover: true },
  { name: 'eve', email: 'eve@example.com', groups: ['legal'], isApprover: true },
];
const [ana, cy] = people as readonly [Person, Person];
const boss: Answerer = { name: 'boss', groups: [], isApprover: true };

const entry = (changes: Partial<ApprovalPolicy> = {}): ApprovalPolicy => ({ allOf: [], anyOf: [], count: 1, notify: [], timeoutMs: 10 * minute, onTimeout: 'hold', ...changes });

/** A target whose only plan restores its database, which takes an approval. */
async function restoring(approvals: Approvals = {}, changes: Parameters<typeof GuardRig.start>[0] = {}): Promise<GuardRig> {
  rig = await GuardRig.start({ plans: [plan('restore', 4)], triggers: [trigger({ levels: { from: 4, to: 4 } })], people, ...changes });
  await rig.redeclare({ policy: { ...rig.declaration.policy, approvals } });
  rig.executor.acts.set('restore-step', () => void (rig.source.answer = 0));
  return rig;
}

async function asked(...given: Parameters<typeof restoring>): Promise<string> {
  await restoring(...given);
  rig.source.answer = 0.5;
  await rig.clock.advance(15 * second);
  return open();
}

async function open(): Promise<string> {
  const [approval, ...others] = (await rig.incident()).approvals.filter(({ status }) => status === 'requested');
  expect(others).toEqual([]);
  if (approval === undefined) throw new Error('nothing is asked');
  return approval.id;
}

const approve = (id: string, who: Answerer = boss): Promise<unknown> => rig.guard.answerApproval(id, who, { answer: 'approve', way: 'api' });
const reject = (id: string, who: Answerer = boss, reason?: string): Promise<unknown> => rig.guard.answerApproval(id, who, { answer: 'reject', way: 'api', reason });

describe('a rollback that takes an approval', () => {
  it('waits, is decided upon anew when it is approved, asks the condition again, and starts', async () => {
    const id = await asked();
    await rig.clock.advance(minute);
    expect(rig.executor.done).toEqual([]);
    expect(await rig.incident()).toMatchObject({ status: 'awaiting-approval', approvals: [{ id, purpose: 'plan', planId: 'restore', level: 4, missing: ['one approver'] }] });
    await approve(id);
    await rig.clock.advance(10 * second);
    expect(rig.executor.done).toEqual(['restore-step']);
    expect((await rig.story()).slice(2, 8)).toEqual(['decision await-approval above-max-auto-level 4', 'approval-requested', 'approval-answered', 'decision execute sustained-breach 4', 'rung restore enforce automatic', 'rollback-started']);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', approvals: [{ status: 'approved', answers: [{ by: 'boss', way: 'api' }] }] });
  });

  it('needs one of each group, tells those whom it concerns, and is taken by the id of its incident as well', async () => {
    const id = await asked({ level4: entry({ allOf: ['oncall', 'dba'], notify: ['legal'] }) });
    const { id: incidentId, approvals } = await rig.incident();
    expect(approvals[0]?.tell.map(({ name }) => name)).toEqual(['ana', 'cy', 'eve']);
    await approve(incidentId, ana);
    await expect(approve(id, ana)).rejects.toMatchObject({ code: 'conflict' });
    await expect(approve(id)).rejects.toMatchObject({ code: 'forbidden' });
    await rig.clock.advance(minute);
    expect(rig.executor.done).toEqual([]);
    await approve(id, cy);
    await rig.clock.advance(2 * second);
    expect(rig.executor.done).toEqual(['restore-step']);
  });

  it('is not started when somebody rejects it, whose words a person is asked with', async () => {
    const id = await asked();
    await reject(id, boss, 'not at night');
    await rig.clock.advance(minute);
    expect(rig.executor.done).toEqual([]);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'approval-rejected', explanation: 'Plan restore was rejected by boss: not at night.' } });
    await expect(approve(id, ana)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('rejected already, by boss') as string });
  });

  it('needs a person when nobody answers in time, or goes ahead where the file says so', async () => {
    const id = await asked({ level4: entry({ timeoutMs: minute }) });
    await rig.clock.advance(2 * minute);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'approval-expired' } });
    await expect(approve(id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('ran out') as string });
    await rig.end();
    await asked({ level4: entry({ onTimeout: 'proceed', timeoutMs: minute }) });
    await rig.clock.advance(50 * second);
    expect(rig.executor.done).toEqual([]);
    await rig.clock.advance(15 * second);
    expect(rig.executor.done).toEqual(['restore-step']);
  });

  it('is void once the target has recovered: an approval that comes then is told so, before and after the incident ends', async () => {
    const id = await asked();
    rig.source.answer = 0;
    await rig.clock.advance(2 * second);
    await expect(approve(id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('the target has recovered') as string });
    await rig.clock.advance(10 * second);
    expect((await rig.incident()).status).toBe('recovered');
    await expect(approve(id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('the target has recovered') as string });
    expect(rig.executor.done).toEqual([]);
    await expect(approve('approval-999')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is not started when it has cleared just before step 1, though it is approved', async () => {
    const id = await asked();
    rig.source.answer = 0;
    await approve(id);
    await rig.clock.advance(0);
    expect(rig.executor.done).toEqual([]);
    expect((await rig.incident()).decisions.at(-1)).toMatchObject({ kind: 'suppress', reason: 'recovered-before-action' });
  });

  it('is void while paused, and asked for again afterwards', async () => {
    const id = await asked();
    const pause = await rig.guard.pause({ target: 'shop', by: 'ana', reason: 'migration' });
    await rig.clock.advance(2 * second);
    await expect(approve(id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('paused') as string });
    await rig.guard.resume(pause.id, 'ana');
    await rig.clock.advance(2 * second);
    expect(await open()).not.toBe(id);
  });

  it('is void when its incident is closed', async () => {
    const id = await asked();
    await rig.guard.closeIncident((await rig.incident()).id, 'ana', 'known');
    await expect(approve(id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('closed') as string });
  });

  it.each(['approve', 'reject'] as const)('of answers at the same instant takes the first (%s)', async (wins) => {
    const [first, other] = wins === 'approve' ? [approve, reject] : [reject, approve];
    const id = await asked();
    const results = await Promise.allSettled([first(id), other(id, ana), first(id, cy), other(id, cy)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    expect(results.slice(1).every((result) => result.status === 'rejected' && (result.reason as { code: string }).code === 'conflict')).toBe(true);
    await rig.clock.advance(2 * second);
    expect(rig.executor.done).toEqual(wins === 'approve' ? ['restore-step'] : []);
    expect(await rig.incident()).toMatchObject({ needsHuman: wins === 'approve' ? undefined : { reason: 'approval-rejected' }, approvals: [{ answers: { length: 1 } }] });
  });

  it('takes no answer from the very instant on at which its time is over', async () => {
    const id = await asked({ level4: entry({ timeoutMs: minute }) });
    const { expiresAt = 0 } = (await rig.incident()).approvals[0] ?? {};
    await rig.clock.advanceTo(expiresAt - 1);
    const late = rig.clock.sleepUntil(expiresAt).then(() => approve(id));
    await Promise.all([expect(late).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('ran out') as string }), rig.clock.advance(1)]);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'approval-expired' }, approvals: [{ status: 'expired', answers: [] }] });
    expect(rig.executor.done).toEqual([]);
  });

  it('is asked again for another plan, when the ladder has changed', async () => {
    rig = await GuardRig.start({ plans: [plan('restore', 4), plan('rebuild', 5)], triggers: [trigger({ levels: { from: 4, to: 5 } }), trigger({ name: 'Gone', levels: { from: 5, to: 5 }, window: { kind: 'for', forMs: 30_000 } })], people });
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    const first = await open();
    await rig.clock.advance(30 * second);
    expect(await open()).not.toBe(first);
    expect((await rig.incident()).approvals).toMatchObject([{ planId: 'restore', status: 'void', voidCause: 'superseded' }, { planId: 'rebuild', status: 'requested' }]);
  });

  it('waits for nobody in a dry run', async () => {
    await restoring({}, { mode: 'dry-run' });
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    expect(await rig.incident()).toMatchObject({ approvals: [], rungs: [{ planId: 'restore', outcome: 'would-have' }] });
  });
});

describe('a restart', () => {
  it('keeps the question and its time', async () => {
    const id = await asked({ level4: entry({ timeoutMs: 3 * minute }) });
    await rig.clock.advance(2 * minute);
    await rig.stop();
    await rig.open();
    await rig.clock.advance(40 * second);
    expect(await open()).toBe(id);
    await rig.clock.advance(30 * second);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'approval-expired' } });
  });

  it.each(['approve', 'reject'] as const)('after an answer (%s) that nothing has followed yet goes on with it', async (answer) => {
    const id = await asked();
    const { id: incidentId } = await rig.incident();
    await rig.stop();
    const at = rig.clock.now();
    await rig.appendWhileDown({ type: 'approval-answered', incidentId, target: 'shop', at, approvalId: id, answer: { answer, by: 'boss', groups: [], way: 'api', at } });
    await rig.open();
    await rig.clock.advance(10 * second);
    if (answer === 'approve') expect(rig.executor.done).toEqual(['restore-step']);
    else expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'approval-rejected' } });
    expect((await rig.incident()).approvals).toHaveLength(1);
  });

  it('starts a rollback by hand that was approved just before, once', async () => {
    await restoring();
    const { approval } = await rig.guard.startByHand({ plan: 'restore', by: 'ana', reason: 'corrupt', dryRun: false });
    const { id: incidentId } = await rig.incident();
    await rig.stop();
    const at = rig.clock.now();
    await rig.appendWhileDown({ type: 'approval-answered', incidentId, target: 'shop', at, approvalId: approval?.id ?? '', answer: { answer: 'approve', by: 'boss', groups: [], way: 'api', at } });
    await rig.open();
    await rig.clock.advance(second);
    await rig.stop();
    await rig.open();
    await rig.clock.advance(10 * second);
    expect(rig.executor.done).toEqual(['restore-step']);
  });
});

describe('a rollback by hand', () => {
  it('of a level that takes an approval starts under its own id once it is approved', async () => {
    await restoring({ level4: entry({ allOf: ['oncall', 'dba'] }) });
    const started = await rig.guard.startByHand({ plan: 'restore', by: 'ana', reason: 'corrupt', dryRun: false });
    expect(started.approval).toMatchObject({ purpose: 'by-hand', requestedBy: 'ana', missing: ['oncall', 'dba'] });
    expect(await rig.incident()).toMatchObject({ status: 'awaiting-approval', rungs: [] });
    await expect(rig.guard.startByHand({ plan: 'restore', by: 'cy', reason: 'me too', dryRun: false })).rejects.toMatchObject({ code: 'conflict' });
    await expect(approve(started.executionId, ana)).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('their own request') as string });
    await approve(started.executionId, cy);
    await approve(started.executionId, { name: 'bo', groups: ['oncall'], isApprover: true });
    await rig.clock.advance(10 * second);
    expect(await rig.incident()).toMatchObject({ rungs: [{ executionId: started.executionId, trigger: 'manual', by: 'ana', reason: 'corrupt', outcome: 'success' }] });
  });

  it('that nobody agrees to leaves nothing open', async () => {
    await restoring();
    await rig.guard.startByHand({ plan: 'restore', by: 'ana', reason: 'corrupt', dryRun: false });
    await reject(await open(), boss, 'use the replica');
    await rig.clock.advance(second);
    expect(await rig.incident()).toMatchObject({ status: 'closed', resolution: { by: 'boss', explanation: 'Plan restore was rejected by boss: use the replica.' }, rungs: [] });
    await rig.guard.startByHand({ plan: 'restore', by: 'ana', reason: 'corrupt', dryRun: false });
    await rig.clock.advance(31 * minute);
    expect(await rig.incident()).toMatchObject({ status: 'closed' });
    expect(rig.executor.done).toEqual([]);
  });

  it('that only looks asks nobody', async () => {
    await restoring();
    await rig.guard.startByHand({ plan: 'restore', by: 'ana', reason: 'look', dryRun: true });
    await rig.clock.advance(second);
    expect(await rig.incident()).toMatchObject({ status: 'closed', approvals: [], rungs: [{ outcome: 'would-have' }] });
  });

  it('of another plan makes what was asked for void', async () => {
    const id = await asked({}, { plans: [plan('flag-off', 1), plan('restore', 4)] });
    await rig.guard.startByHand({ plan: 'flag-off', by: 'ana', reason: 'try this first', dryRun: false });
    await rig.clock.advance(second);
    await expect(approve(id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('a rollback has started') as string });
  });
});

describe('what is scheduled', () => {
  const scheduled = (): Promise<GuardRig> => restoring({}, { plans: [plan('flag-off', 1)], triggers: [trigger({ levels: { from: 1, to: 1 }, response: 'scheduled', delayMs: 2 * minute })] });

  it('shows when it starts, and starts then by itself', async () => {
    await scheduled();
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    const [approval] = (await rig.incident()).approvals;
    const [decision] = (await rig.incident()).decisions;
    expect(approval).toMatchObject({ purpose: 'schedule', status: 'requested', expiresAt: decision?.until });
    await rig.clock.advance(100 * second);
    expect(rig.executor.done).toEqual([]);
    await rig.clock.advance(minute);
    expect(rig.executor.done).toEqual(['flag-off-step']);
  });

  it('starts at once when somebody says so', async () => {
    await scheduled();
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    await approve(await open());
    await rig.clock.advance(second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
  });

  it('does not start when somebody says so: a person is needed', async () => {
    await scheduled();
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    await reject(await open(), ana, 'we mend it forward');
    await rig.clock.advance(3 * minute);
    expect(rig.executor.done).toEqual([]);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { explanation: 'Plan flag-off was rejected by ana: we mend it forward.' } });
  });

  it('is cancelled when it recovers', async () => {
    await scheduled();
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    rig.source.answer = 0;
    await rig.clock.advance(3 * minute);
    expect(rig.executor.done).toEqual([]);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', approvals: [{ status: 'void', voidCause: 'recovered' }] });
  });
});

describe('a step that asks', () => {
  const asking = (parameters: object, timeout = 3_600): ReturnType<typeof plan> => {
    const base = plan('flag-off', 1);
    return { ...base, steps: [{ id: 'ask', name: 'Go on?', description: '', type: 'approval', parameters: { message: 'Orders are lost. Go on?', ...parameters }, timeout }, ...base.steps] };
  };
  const begin = async (parameters: object = {}, timeout?: number): Promise<string> => {
    rig = await GuardRig.start({ plans: [asking(parameters, timeout)], triggers: [trigger({ levels: { from: 1, to: 1 } })], people });
    rig.executor.acts.set('flag-off-step', () => void (rig.source.answer = 0));
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    return open();
  };
  const rung = async (): Promise<unknown> => (await rig.incident()).rungs[0];

  it('holds its plan until people have agreed, by the id of the rollback too', async () => {
    await begin({ allOf: ['oncall', 'dba'] });
    const { rungs, approvals, status } = await rig.incident();
    expect(status).toBe('rolling-back');
    expect(approvals).toMatchObject([{ purpose: 'step', question: 'Orders are lost. Go on?', stepKey: 'flag-off/ask', missing: ['oncall', 'dba'] }]);
    await approve(rungs[0]?.executionId ?? '', ana);
    await rig.clock.advance(minute);
    expect(rig.executor.done).toEqual([]);
    await approve(rungs[0]?.executionId ?? '', cy);
    await rig.clock.advance(second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
  });

  it('fails when somebody rejects it, when nobody answers, and goes on where that is a yes', async () => {
    await reject(await begin(), boss, 'not with data loss');
    await rig.clock.advance(second);
    expect(await rung()).toMatchObject({ outcome: 'failed', error: expect.stringContaining('rejected by boss: not with data loss') as string });
    await rig.end();
    await begin({ timeout: '1m' });
    await rig.clock.advance(minute);
    expect(await rung()).toMatchObject({ outcome: 'failed', error: expect.stringMatching(/Not everybody had answered by .*; missing: one approver/) as string });
    await rig.end();
    await begin({ timeout: '1m', onTimeout: 'proceed' });
    await rig.clock.advance(minute);
    expect(rig.executor.done).toEqual(['flag-off-step']);
  });

  it('is really over at the timeout of its step, and when its rollback is cancelled: nobody can answer any more', async () => {
    const id = await begin({}, 10);
    await rig.clock.advance(10 * second);
    expect(await rung()).toMatchObject({ outcome: 'failed', error: expect.stringContaining('timed out') as string });
    await expect(approve(id)).rejects.toMatchObject({ code: 'conflict' });
    await rig.end();
    const other = await begin();
    await rig.guard.cancel((await rig.incident()).rungs[0]?.executionId ?? '');
    await rig.clock.advance(second);
    expect(await rung()).toMatchObject({ outcome: 'cancelled' });
    await expect(approve(other)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('was ended') as string });
    expect(rig.executor.done).toEqual([]);
  });

  it('goes on waiting over any number of restarts, with the same question, and is told of an answer that came meanwhile', async () => {
    const id = await begin();
    for (let restart = 0; restart < 4; restart += 1) {
      await rig.stop();
      await rig.open();
      await rig.clock.advance(second);
      expect(await open()).toBe(id);
    }
    const { id: incidentId } = await rig.incident();
    await rig.stop();
    const at = rig.clock.now();
    await rig.appendWhileDown({ type: 'approval-answered', incidentId, target: 'shop', at, approvalId: id, answer: { answer: 'approve', by: 'boss', groups: [], way: 'api', at } });
    await rig.open();
    await rig.clock.advance(2 * second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
  });

  it('is described in a dry run, which asks nobody', async () => {
    rig = await GuardRig.start({ mode: 'dry-run', plans: [asking({ allOf: ['oncall', 'dba'] })], triggers: [trigger({ levels: { from: 1, to: 1 } })], people });
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    const incident = await rig.incident();
    expect(incident.approvals).toEqual([]);
    expect(incident.rungs[0]?.steps[0]).toMatchObject({ status: 'would-have', description: { summary: 'wait for the approval of one of oncall and one of dba: Orders are lost. Go on?' } });
  });
});

it('a trigger that only monitors tells what would have been done, read from the real state', async () => {
  rig = await GuardRig.start({ triggers: [trigger({ response: 'monitor' })] });
  rig.source.answer = 0.5;
  await rig.clock.advance(15 * second);
  expect((await rig.incident()).decisions).toMatchObject([{ kind: 'notify-only', reason: 'monitor-only', level: 1, planId: 'flag-off', wouldDo: [{ step: 'flag-off', summary: 'flag-off-step: on → off' }] }]);
  expect(rig.executor.done).toEqual([]);
});

it('an incident shows who has seen it, each once', async () => {
  await asked();
  const { id } = await rig.incident();
  await rig.guard.acknowledge(id, 'ana');
  await rig.guard.acknowledge(id, 'ana');
  await rig.guard.acknowledge(id, 'cy');
  expect((await rig.incident()).acknowledged.map(({ by }) => by)).toEqual(['ana', 'cy']);
  await expect(rig.guard.acknowledge('incident-999', 'ana')).rejects.toMatchObject({ code: 'not-found' });
});
