import { afterEach, describe, expect, it } from 'vitest';
import type { Freeze } from '../../src/decision/freeze.js';
import { GuardRig, plan, trigger } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';

const second = 1_000;
const minute = 60 * second;

let rig: GuardRig;

/** A target of two rungs, whose lower one does not help, from `startAt` on under a freeze. */
async function frozen(freeze: Omit<Freeze, 'reason'>, startAt: string): Promise<void> {
  rig = await GuardRig.start({ triggers: [trigger({ levels: { from: 1, to: 2 } })], plans: [plan('flag-off', 1), plan('config-back', 2)], policy: aPolicy({ freeze: [{ ...freeze, reason: 'the sale' }] }) }, undefined, Date.parse(startAt));
  rig.executor.acts.set('config-back-step', () => void (rig.source.answer = 0));
  rig.source.answer = 0.5;
}

async function lastDecision(): Promise<{ readonly kind: string | undefined; readonly reason: string | undefined; readonly until: string | undefined }> {
  const { kind, reason, until } = (await rig.incident()).decisions.at(-1) ?? {};
  return { kind, reason, until: until === undefined ? undefined : new Date(until).toISOString() };
}

afterEach(async () => {
  await rig.end();
  expect(rig.faults).toEqual([]);
  expect(rig.clock.sleeping).toBe(0);
});

describe('inside a freeze', () => {
  it('nothing runs by itself: it is asked for, and the end of the freeze lets it run without an answer', async () => {
    await frozen({ cron: '0 0 * * *', timezone: 'UTC', forMs: 15 * minute }, '2026-03-01T00:14:20Z');
    await rig.clock.advance(30 * second);
    expect(rig.executor.done).toEqual([]);
    expect(await lastDecision()).toEqual({ kind: 'await-approval', reason: 'frozen', until: '2026-03-01T00:15:00.000Z' });
    await rig.clock.advance(20 * second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
    expect((await rig.incident()).approvals).toMatchObject([{ purpose: 'plan', status: 'void', voidCause: 'started' }]);
  });

  it('what has been agreed to runs at once', async () => {
    await frozen({ cron: '0 0 * * *', timezone: 'UTC', forMs: 60 * minute }, '2026-03-01T00:14:20Z');
    await rig.clock.advance(12 * second);
    const [approval] = (await rig.incident()).approvals;
    await rig.guard.answerApproval(approval?.id ?? '', { name: 'boss', groups: [], isApprover: true }, { answer: 'approve', way: 'api' });
    await rig.clock.advance(second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
  });

  it('a further rung waits as well, when the freeze has begun meanwhile; a rollback by hand does not', async () => {
    await frozen({ cron: '15 0 * * *', timezone: 'UTC', forMs: 60 * minute }, '2026-03-01T00:14:40Z');
    await rig.clock.advance(60 * second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
    expect(await lastDecision()).toMatchObject({ kind: 'await-approval', reason: 'frozen', until: '2026-03-01T01:15:00.000Z' });
    await rig.guard.startByHand({ plan: 'config-back', by: 'ana', reason: 'it cannot wait', dryRun: false });
    await rig.clock.advance(10 * second);
    expect(rig.executor.done).toEqual(['flag-off-step', 'config-back-step']);
    expect(await rig.incident()).toMatchObject({ status: 'recovered' });
  });
});

describe('on the days on which the clocks change (Berlin)', () => {
  // 02:30 to 04:30 on the wall: summer begins at 01:00Z, so the time that is jumped over begins the freeze at the jump.
  it.each([
    ['summer begins: just before the jump', '2026-03-29T00:59:40Z', 'execute', undefined],
    ['summer begins: at the jump', '2026-03-29T00:59:55Z', 'await-approval', '2026-03-29T03:00:00.000Z'],
    ['summer ends: before the first 02:30', '2026-10-25T00:29:40Z', 'execute', undefined],
    ['summer ends: after the first 02:30', '2026-10-25T00:29:55Z', 'await-approval', '2026-10-25T02:30:00.000Z'],
    ['summer ends: after the second 02:30', '2026-10-25T01:29:55Z', 'await-approval', '2026-10-25T03:30:00.000Z'],
    ['an ordinary winter day', '2026-01-10T01:29:55Z', 'await-approval', '2026-01-10T03:30:00.000Z'],
  ])('%s', async (_title, startAt, kind, until) => {
    await frozen({ cron: '30 2 * * *', timezone: 'Europe/Berlin', forMs: 120 * minute }, startAt);
    await rig.clock.advance(12 * second);
    expect(await lastDecision()).toEqual({ kind, reason: kind === 'execute' ? 'sustained-breach' : 'frozen', until });
    expect(rig.executor.done).toHaveLength(kind === 'execute' ? 1 : 0);
  });
});
