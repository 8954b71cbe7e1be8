import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardRig, plan, trigger } from '../support/guard-rig.js';

const second = 1_000;
let rig: GuardRig;

/** From now on the store refuses every journal line of these types, as a full disk would; resolves to how to end that. */
function refuse(...types: readonly string[]): () => void {
  return refuseWrites(`insert on journal when new.type in (${types.map((type) => `'${type}'`).join(', ')})`);
}

function refuseWrites(which: string): () => void {
  const outside = new SqliteDatabase(join(rig.directory, 'belay.db'));
  outside.exec(`create trigger refusal before ${which} begin select raise(abort, 'no room'); end`);
  return () => {
    outside.exec('drop trigger refusal');
    outside.close();
  };
}

describe('a store that refuses to write for a while', () => {
  beforeEach(async () => {
    const other = { name: 'cart', owners: [], priority: 'critical', hasHealth: false } as const;
    const shop = { ...other, name: 'shop' };
    rig = await GuardRig.start({ targets: [shop, other], plans: [plan('flag-off', 1)], triggers: [trigger({ levels: { from: 1, to: 1 } })] });
    rig.executor.acts.set('flag-off-step', () => void (rig.source.answer = 0));
    rig.source.answer = 0.5;
  });
  afterEach(async () => {
    await rig.end();
    expect(rig.clock.sleeping).toBe(0);
  });

  it.each(['step-attempt-started', 'step-succeeded', 'rollback-ended', 'verification-started', 'verification-ended', 'incident-recovered'])(
    'holds a rollback up at %s, and no longer: nothing is lost, and nothing happens before it is written down',
    async (type) => {
      const writeAgain = refuse(type);
      await rig.clock.advance(30 * second);
      expect(rig.executor.done).toEqual(type === 'step-attempt-started' ? [] : ['flag-off-step']);
      expect(await rig.story()).not.toContain(type);
      expect(rig.faults.length).toBeGreaterThan(0);
      writeAgain();
      await rig.clock.advance(30 * second);
      expect(rig.executor.done).toEqual(['flag-off-step']);
      expect(await rig.incident()).toMatchObject({ status: 'recovered', rungs: [{ planId: 'flag-off', outcome: 'success', verification: { result: { outcome: 'recovered' } } }] });
    },
  );

  it('gives the turn of the fleet back when the start of a rollback could not be written down', async () => {
    const writeAgain = refuse('rung-started');
    await rig.clock.advance(15 * second);
    expect(rig.executor.done).toEqual([]);
    // The breach is over before the store is back: nothing of the shop will start any more.
    rig.source.answer = 0;
    await rig.clock.advance(15 * second);
    writeAgain();
    await rig.guard.declare({ ...rig.declaration, plans: [plan('cart-off', 1, { target: 'cart' })], triggers: [trigger({ name: 'CartErrors', target: 'cart', levels: { from: 1, to: 1 } })] }, rig.eyes);
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    expect(await rig.story()).toContain('rung cart-off enforce automatic');
  });

  it.each(['at once', 'after a restart'])('closes the incident of a rollback by hand whose start could not be written down, %s', async (when) => {
    rig.source.answer = 0;
    await rig.redeclare({ plans: [plan('flag-off', 1), plan('cart-off', 1, { target: 'cart' })] });
    const writeAgain = when === 'at once' ? refuse('rung-started') : refuse('rung-started', 'incident-closed');
    await expect(rig.guard.startByHand({ plan: 'cart-off', by: 'ana', reason: 'to be sure', dryRun: false })).rejects.toMatchObject({ code: 'store-unavailable' });
    await rig.clock.advance(second);
    if (when === 'after a restart') await rig.stop();
    writeAgain();
    if (when === 'after a restart') await rig.open();
    await rig.clock.advance(second);
    expect(await rig.incident()).toMatchObject({ target: 'cart', status: 'closed', rungs: [] });
    expect(rig.guard.openIncidents).toEqual([]);
    expect(rig.executor.done).toEqual([]);
  });

  it('has forgotten an alert that cleared meanwhile when it is asked after a restart', async () => {
    await rig.guard.pause({ by: 'ana', reason: 'to look at the alert alone' });
    await rig.clock.advance(15 * second);
    expect(await rig.store.guard.loadAlerts()).toMatchObject([{ state: 'firing' }]);
    const writeAgain = refuseWrites('delete on alert');
    rig.source.answer = 0;
    await rig.clock.advance(5 * second);
    expect(await rig.store.guard.loadAlerts()).toMatchObject([{ state: 'firing' }]);
    writeAgain();
    await rig.clock.advance(2 * second);
    expect(await rig.store.guard.loadAlerts()).toEqual([]);
  });

  it('is told of a blindness that began while it took nothing', async () => {
    const writeAgain = refuse('source-blind');
    rig.source.answer = 'unreachable';
    await rig.clock.advance(120 * second);
    expect(await rig.story()).not.toContain('source-blind');
    writeAgain();
    await rig.clock.advance(2 * second);
    expect((await rig.story()).filter((type) => type === 'source-blind')).toHaveLength(1);
  });

  it('and dies before the next rung could be begun: what has recovered meanwhile is not climbed for', async () => {
    await rig.redeclare({ plans: [plan('flag-off', 1), plan('release-back', 3)], triggers: [trigger({ levels: { from: 1, to: 3 }, intervalMs: 60_000, window: { kind: 'for', forMs: 60_000 } })] });
    rig.executor.acts.clear();
    await rig.clock.advance(130 * second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
    const writeAgain = refuse('rung-started');
    await rig.clock.advance(20 * second);
    expect(await rig.story()).toContain('decision execute not-recovered 3');
    await rig.stop();
    writeAgain();
    rig.source.answer = 0;
    await rig.clock.advance(605 * second);
    await rig.open();
    await rig.clock.advance(180 * second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
    expect(await rig.incident()).toMatchObject({ status: 'recovered' });
  });
});
