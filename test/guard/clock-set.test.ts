import { afterEach, describe, expect, it } from 'vitest';
import { GuardRig, plan, trigger } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let rig: GuardRig;
afterEach(async () => {
  await rig.end();
  expect([rig.faults, rig.clock.sleeping]).toEqual([[], 0]);
});

/** The service breaks, and its rollback mends it. */
async function started(changes: Parameters<typeof GuardRig.start>[0] = {}): Promise<void> {
  rig = await GuardRig.start({ triggers: [trigger({ intervalMs: 5 * SECOND })], policy: aPolicy({ cooldownMs: 5 * MINUTE }), ...changes });
  rig.executor.acts.set('flag-off-step', () => void (rig.source.answer = 0));
}

/** Breaks the service, lets a minute pass, and resolves with how many rollbacks there have been by then. */
async function broken(): Promise<number> {
  rig.source.answer = 1;
  await rig.clock.advance(MINUTE);
  return rig.executor.done.length;
}

describe.each([['forward', HOUR], ['back', -HOUR]])('a clock that is set %s by an hour', (_, byMs) => {
  it('leaves a cooldown as long as it is', async () => {
    await started();
    expect(await broken()).toBe(1);
    rig.clock.set(byMs);
    await rig.clock.advance(2 * MINUTE);
    expect(await broken()).toBe(1);
    expect((await rig.story()).at(-1)).toBe('decision suppress cooldown 1');
    await rig.clock.advance(MINUTE);
    expect(rig.executor.done).toHaveLength(1);
    await rig.clock.advance(MINUTE);
    expect(rig.executor.done).toHaveLength(2);
  });

  it('holds nothing back where there is no cooldown, and still spends no more than the budget', async () => {
    await started({ policy: aPolicy({ cooldownMs: 0 }) });
    expect(await broken()).toBe(1);
    rig.clock.set(byMs);
    expect(await broken()).toBe(2);
    rig.clock.set(byMs);
    expect(await broken()).toBe(2);
    expect(await rig.story()).toContain('decision suppress budget-exhausted 1');
  });

  it('neither shortens nor prolongs a verification', async () => {
    await started({ triggers: [trigger()] });
    rig.source.answer = 1;
    await rig.clock.advance(12 * SECOND);
    expect(await rig.story()).toContain('verification-started');
    rig.clock.set(byMs);
    await rig.clock.advance(3 * SECOND);
    expect(await rig.story()).not.toContain('verification recovered');
    await rig.clock.advance(8 * SECOND);
    expect((await rig.story()).slice(-2)).toEqual(['verification recovered', 'recovered rolled-back']);
  });

  it('leaves an incident that ended by itself open for as long as it must stay clear', async () => {
    await started({ plans: [], verifications: new Map() });
    rig.source.answer = 1;
    await rig.clock.advance(15 * SECOND);
    rig.source.answer = 0;
    await rig.clock.advance(MINUTE);
    rig.clock.set(byMs);
    await rig.clock.advance(50 * SECOND);
    expect((await rig.incident()).endedAt).toBeUndefined();
    await rig.clock.advance(MINUTE);
    expect((await rig.story()).at(-1)).toBe('recovered by-itself');
  });

  it('leaves a question to people open for as long as they were told', async () => {
    await started({ plans: [plan('flag-off', 4)], triggers: [trigger({ levels: { from: 4, to: 4 }, intervalMs: 5 * SECOND })] });
    rig.source.answer = 1;
    await rig.clock.advance(15 * SECOND);
    const [question] = (await rig.incident()).approvals;
    const leftMs = (question?.expiresAt ?? 0) - rig.clock.now();
    rig.clock.set(byMs);
    await rig.clock.advance(leftMs - SECOND);
    expect((await rig.incident()).approvals[0]?.status).toBe('requested');
    await rig.clock.advance(2 * SECOND);
    expect((await rig.incident()).approvals[0]?.status).toBe('expired');
  });

  it('leaves the wait before a further attempt as it is', async () => {
    const failing = { ...plan('flag-off', 1).steps[0]!, retryPolicy: { maxAttempts: 2, backoffMultiplier: 1 } };
    await started({ triggers: [trigger()], plans: [plan('flag-off', 1, { steps: [failing] })] });
    rig.executor.acts.set('flag-off-step', () => Promise.reject(new Error('it broke')));
    rig.source.answer = 1;
    await rig.clock.advance(11.5 * SECOND);
    rig.clock.set(byMs);
    await rig.clock.advance(0.3 * SECOND);
    expect(rig.executor.done).toHaveLength(1);
    await rig.clock.advance(0.5 * SECOND);
    expect(rig.executor.done).toHaveLength(2);
  });
});

it('a restart after the clock was set back lets a cooldown last no longer than it is', async () => {
  await started();
  expect(await broken()).toBe(1);
  await rig.stop();
  rig.clock.set(-HOUR);
  await rig.open();
  expect(await broken()).toBe(1);
  await rig.clock.advance(5 * MINUTE);
  expect(rig.executor.done).toHaveLength(2);
});
