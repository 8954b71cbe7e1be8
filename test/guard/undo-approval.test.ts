import { afterEach, describe, expect, it } from 'vitest';
import { isOpen, type Answerer } from '../../src/decision/approval.js';
import type { Approvals } from '../../src/decision/approval-need.js';
import { GuardRig, plan, verification } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';
import { set, ValueWorld } from '../support/value-world.js';

const second = 1_000;
const minute = 60 * second;
const boss: Answerer = { name: 'boss', groups: [], isApprover: true };
const cy: Answerer = { name: 'cy', groups: [], isApprover: true };

let rig: GuardRig;
let world: ValueWorld;

afterEach(async () => {
  await rig.end();
  expect(rig.faults).toEqual([]);
  expect(rig.clock.sleeping).toBe(0);
});

/** A plan of level 4 that has been run by hand, and agreed to by `boss`; its execution. */
async function restored(approvals: Approvals = {}): Promise<string> {
  world = new ValueWorld();
  const verifications = new Map([['restore', { ...verification, checks: [{ type: 'health', name: 'health', target: 'shop', timeoutMs: second } as const] }]]);
  rig = await GuardRig.start({ verifications, plans: [plan('restore', 4, { steps: [set('a')] }), plan('flag-off', 1)], policy: aPolicy({ approvals }) }, (rollbacks) => rollbacks.registerExecutor('set', world.executor()));
  const { executionId } = await rig.guard.startByHand({ plan: 'restore', by: 'ana', reason: 'corrupt', dryRun: false });
  for (const who of [boss, cy]) if (rig.guard.openIncidents[0]?.approvals.some(isOpen) === true) await approve(executionId, who);
  await rig.clock.advance(10 * second);
  expect([world.values['a'], (await rig.incident()).status]).toEqual(['new-a', 'recovered']);
  return executionId;
}

const undo = (executionId: string): ReturnType<GuardRig['guard']['undoByHand']> => rig.guard.undoByHand(executionId, 'ana', 'it was not that');
const approve = (id: string, who: Answerer = boss): Promise<unknown> => rig.guard.answerApproval(id, who, { answer: 'approve', way: 'api' });
const reject = (id: string, who: Answerer = boss, reason?: string): Promise<unknown> => rig.guard.answerApproval(id, who, { answer: 'reject', way: 'api', reason });

describe('the undo of a plan that takes an approval', () => {
  it('is asked for under the same rule, and starts under its own id once people have agreed', async () => {
    const run = await restored({ level4: { allOf: [], anyOf: [], count: 2, notify: [], timeoutMs: 10 * minute, onTimeout: 'hold' } });
    const { executionId, approval } = await undo(run);
    expect(approval).toMatchObject({ purpose: 'by-hand', planId: 'restore', undoes: run, executionId, requestedBy: 'ana', missing: ['2 approvers'], question: `ana wants what plan restore has changed (${run}) to be put back: it was not that` });
    await rig.clock.advance(minute);
    expect(world.values['a']).toBe('new-a');
    expect(await rig.incident()).toMatchObject({ status: 'awaiting-approval', rungs: [] });
    await expect(approve(executionId, { ...boss, name: 'ana' })).rejects.toMatchObject({ code: 'forbidden' });
    await approve(executionId);
    await approve(executionId, cy);
    await rig.clock.advance(10 * second);
    expect(world.values['a']).toBe('old-a');
    expect(await rig.incident()).toMatchObject({ status: 'recovered', approvals: [{ status: 'approved', isFollowed: true }], rungs: [{ executionId, undoes: run, trigger: 'manual', by: 'ana', outcome: 'success' }] });
    await expect(undo(run)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('is asked for once, beside a new run of the same plan', async () => {
    const run = await restored();
    const { approval } = await undo(run);
    await expect(undo(run)).rejects.toMatchObject({ code: 'conflict', message: `the undo of plan restore waits already for one approver: belay approve ${approval?.id ?? ''}` });
    const again = await rig.guard.startByHand({ plan: 'restore', by: 'ana', reason: 'once more', dryRun: false });
    expect(again.approval?.id).not.toBe(approval?.id);
    expect((await rig.incident()).approvals.map(({ undoes }) => undoes)).toEqual([run, undefined]);
  });

  it('changes nothing when somebody rejects it, or nobody answers', async () => {
    const run = await restored();
    await undo(run);
    await reject((await rig.incident()).approvals[0]?.id ?? '', boss, 'keep it');
    await rig.clock.advance(second);
    expect(await rig.incident()).toMatchObject({ status: 'closed', resolution: { by: 'boss', explanation: 'The undo of plan restore was rejected by boss: keep it.' }, rungs: [] });
    await undo(run);
    await rig.clock.advance(31 * minute);
    expect(await rig.incident()).toMatchObject({ status: 'closed', approvals: [{ status: 'expired' }], rungs: [] });
    expect(world.writes).toEqual(['a=new-a']);
  });

  it('is refused at once where it cannot be undone, and touches nothing where that has come since it was asked for', async () => {
    const run = await restored();
    world.values['a'] = 'somebody else';
    await expect(undo(run)).rejects.toMatchObject({ code: 'state-drifted' });
    world.values['a'] = 'new-a';
    const { executionId } = await undo(run);
    world.values['a'] = 'somebody else';
    await approve(executionId);
    await rig.clock.advance(10 * second);
    expect(world.values['a']).toBe('somebody else');
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'step-parked', explanation: expect.stringMatching(/^The undo of plan restore could not be begun: .*nothing was touched/) as string } });
    expect(rig.faults.splice(0)).toHaveLength(1);
  });

  it('never runs as a dry run: it is void where the mode has changed while it waited', async () => {
    const run = await restored();
    const { executionId } = await undo(run);
    await rig.redeclare({ mode: 'dry-run' });
    await approve(executionId);
    await rig.clock.advance(10 * second);
    expect(await rig.incident()).toMatchObject({ status: 'closed', approvals: [{ status: 'void', voidCause: 'superseded' }], rungs: [] });
    expect(world.values['a']).toBe('new-a');
    await expect(undo(run)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('goes on over a restart: with the same question, and with an answer that nothing has followed yet', async () => {
    const run = await restored();
    const { executionId, approval } = await undo(run);
    await rig.stop();
    await rig.open();
    expect((await rig.incident()).approvals).toMatchObject([{ id: approval?.id, status: 'requested', undoes: run }]);
    const { id: incidentId } = await rig.incident();
    await rig.stop();
    const at = rig.clock.now();
    await rig.appendWhileDown({ type: 'approval-answered', incidentId, target: 'shop', approvalId: approval?.id ?? '', at, answer: { answer: 'approve', by: 'boss', groups: [], way: 'api', at } });
    await rig.open();
    await rig.clock.advance(10 * second);
    expect(world.writes).toEqual(['a=new-a', 'a=old-a']);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', rungs: [{ executionId, undoes: run, outcome: 'success' }] });
  });

  it('that takes none starts at once', async () => {
    const run = await restored({ level4: 'none' });
    await rig.clock.advance(second);
    expect(await undo(run)).not.toHaveProperty('approval');
    await rig.clock.advance(10 * second);
    expect(world.values['a']).toBe('old-a');
  });
});
