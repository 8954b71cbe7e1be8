import { readdirSync } from 'node:fs';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../src/time/clock.js';
import type { Incident, RungStep } from '../../src/incident/incident.js';
import { BelayProcess } from '../support/belay-process.js';
import { waitUntil } from '../support/processes.js';
import { RestoreGate } from '../support/restore-gate.js';
import { ShopDatabases } from '../support/shop-databases.js';

const WITHIN_MS = 30_000;
const here = new ShopDatabases();
let gate: RestoreGate;
let belay: BelayProcess | undefined;

beforeEach(async () => {
  gate = await RestoreGate.build(here.shop, here.path());
  here.shop.dump(here.path('tonight.dump'));
  await here.shop.query(`UPDATE customers SET email = 'broken' || id; DELETE FROM orders WHERE id > 20`);
  gate.close();
});
afterEach(async () => {
  gate.open();
  await belay?.stop();
  belay = undefined;
  vi.unstubAllEnvs();
});

/** The real daemon, which has begun to bring the data back. */
async function begun(parameters: object, more: object = {}): Promise<BelayProcess> {
  const steps = [{ id: 'restore', name: 'Restore', description: '', type: 'data', parameters: { database: 'shop-db', ...parameters }, timeout: 60, ...more }];
  belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'test',
      mode: 'enforce',
      store: 'sqlite:./belay.db',
      databases: { 'shop-db': { type: 'postgres', url: here.shop.url, backups: { directory: here.path(), maxAge: '1h' } } },
    },
    'plans/back.yaml': { id: 'back', name: 'Back', description: '', phase: 'initial-separation', dependencies: [], estimatedDuration: 1, steps },
  });
  expect((await belay.post('/api/v1/rollbacks', { plan: 'back', reason: 'test' })).status).toBe(202);
  return belay;
}

const whole = { snapshotId: 'tonight' };
const steps = ({ rungs }: Incident): readonly RungStep[] => rungs[0]?.steps ?? [];
const over = (daemon: BelayProcess): Promise<Incident> => daemon.incident('over', WITHIN_MS, ({ rungs }) => rungs[0]?.outcome !== undefined);
const names = async (): Promise<string[]> => (await here.shop.databases()).map(({ name }) => name.replace(/\d{8}T\d{6}Z_/, '').replace(/[0-9a-f]{10}$/, '…'));
const broken = (database?: string): Promise<number> => here.shop.count(`customers WHERE email LIKE 'broken%'`, database);

async function expectRestored(): Promise<void> {
  expect(await names()).toEqual([here.shop.name, `${here.shop.name}_before_…`]);
  const [, kept] = await here.shop.databases();
  expect([await here.shop.count('orders'), await broken()]).toEqual([200, 0]);
  expect([await here.shop.count('orders', kept?.name), await broken(kept?.name)]).toEqual([20, 50]);
  await here.shop.query(`INSERT INTO audit VALUES ('takes writes')`);
}

/** Holds something in a transaction of its own until the work is over. */
async function holding<T>(database: string, sql: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: here.server.url.replace(/[^/]*$/, database) });
  await client.connect();
  try {
    await client.query(`BEGIN; ${sql}`);
    return await work();
  } finally {
    await client.end();
  }
}

/** The process id of a session, another one than `before`, that waits for a lock. */
const waitsFor = (statement: string, before = 0): Promise<number> =>
  waitUntil(`somebody waits to ${statement}`, async () => {
    const [session] = await here.shop.onServer<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '${statement}%' AND pid <> ${before}`);
    return session?.pid;
  });

describe('kill -9 of Belay', () => {
  it('in the middle of a restore: the living database is what it was, and the next start restores it from the beginning', async () => {
    const daemon = await begun(whole);
    const first = await gate.waiting();
    await daemon.end('SIGKILL');
    expect(await names()).toEqual([here.shop.name, `${here.shop.name}_restoring_…`]);
    expect([await here.shop.count('orders'), await broken()]).toEqual([20, 50]);
    await expect(here.shop.query('DELETE FROM orders')).rejects.toThrow('read-only transaction');
    await daemon.start();
    await gate.waiting(first);
    gate.open();
    expect(steps(await over(daemon))).toMatchObject([{ status: 'success' }]);
    await expectRestored();
  });

  it('in the middle of the switch: the next start switches, and restores nothing twice', async () => {
    gate.open();
    // To rename a database takes that nobody changes what belongs to it.
    await holding('postgres', `ALTER ROLE belay IN DATABASE "${here.shop.name}" SET work_mem = '8MB'`, async () => {
      const daemon = await begun(whole);
      const first = await waitsFor('ALTER DATABASE%RENAME');
      await daemon.end('SIGKILL');
      expect(await names()).toEqual([here.shop.name, `${here.shop.name}_restoring_…`]);
      gate.close();
      await daemon.start();
      await waitsFor('ALTER DATABASE%RENAME', first);
    });
    expect(steps(await over(belay as BelayProcess))).toMatchObject([{ status: 'success' }]);
    await expectRestored();
  });

  it('after the switch, before it was written down: the next start sees that it is done', async () => {
    const daemon = await begun(whole);
    await gate.waiting();
    const { rungs } = await daemon.incident('begun', WITHIN_MS, (incident) => steps(incident).length === 1);
    await daemon.end('SIGKILL');
    gate.open();
    await here.runner({}, { executionId: rungs[0]?.executionId ?? '' }).execute('data', { database: 'shop-db', ...whole });
    gate.close();
    await daemon.start();
    expect(steps(await over(daemon))).toMatchObject([{ status: 'success', alreadySo: true }]);
    await expectRestored();
  });

  it('in the transaction that replaces tables: nothing has changed, and the next start replaces them', async () => {
    vi.stubEnv('TMPDIR', here.path());
    const copied = (): string[] => readdirSync(here.path()).filter((name) => name.startsWith('belay-tables-'));
    const kept = (): Promise<{ name: string }[]> => here.shop.query(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'belay_before_%'`);
    await holding(here.shop.name, 'LOCK TABLE customers IN ACCESS SHARE MODE', async () => {
      const daemon = await begun({ tables: { customers: 'tonight' } });
      await waitsFor('LOCK TABLE');
      await daemon.end('SIGKILL');
      expect(copied()).toHaveLength(1);
      const diedMs = performance.now();
      expect([await broken(), await kept()]).toEqual([50, []]);
      // What waited for the table is gone with its client, and keeps nobody from it until its own time is over.
      expect(performance.now() - diedMs).toBeLessThan(5_000);
      await daemon.start();
    });
    expect(steps(await over(belay as BelayProcess))).toMatchObject([{ status: 'success' }]);
    expect([await broken(), await here.shop.count('orders')]).toEqual([0, 20]);
    const schemas = await kept();
    expect([schemas.length, copied()]).toEqual([1, []]);
    expect(await here.shop.count(`${schemas[0]?.name ?? ''}.customers WHERE email LIKE 'broken%'`)).toBe(50);
  });
});

const LET_IN = /ALTER DATABASE .* ALLOW_CONNECTIONS true; ALTER DATABASE .* RESET default_transaction_read_only; DROP DATABASE IF EXISTS [^;]*;/;

/** A DBA writes what the words say, each statement by itself. */
async function asTold(words: string): Promise<void> {
  for (const statement of (LET_IN.exec(words)?.[0] ?? 'SELECT nothing').split(';').filter(Boolean)) await here.shop.onServer(statement);
}

describe('kill -9 of PostgreSQL', () => {
  it('in the middle of a restore: when it is back, the step is tried again and nothing is lost', async () => {
    const daemon = await begun(whole, { retryPolicy: { maxAttempts: 3, backoffMultiplier: 1 } });
    await gate.waiting();
    await here.server.kill();
    gate.open();
    await here.server.start();
    expect(steps(await over(daemon))).toMatchObject([{ status: 'success' }]);
    await expectRestored();
  });

  it('of the one process that restores: the server recovers by itself, and so does the step', async () => {
    const daemon = await begun(whole, { retryPolicy: { maxAttempts: 3, backoffMultiplier: 1 } });
    process.kill(await gate.waiting(), 'SIGKILL');
    gate.open();
    expect(steps(await over(daemon))).toMatchObject([{ status: 'success' }]);
    await expectRestored();
  });

  it('that stays away: the words say how a DBA lets the writers in again', async () => {
    let at = Date.now();
    const hasty: Clock = { now: () => at, elapsedMs: () => at, sleepUntil: async (until) => void (at = Math.max(at, until)) };
    const failing = here.runner({}, { clock: hasty }).execute('data', { database: 'shop-db', ...whole }).then(() => 'done', (error: unknown) => (error as Error).message);
    await gate.waiting();
    await here.server.kill();
    const words = await failing;
    expect(words).toMatch(/server closed the connection|Connection terminated|ECONNRE/);
    expect(words).toContain('nothing of it is lost');
    await here.server.start();
    await expect(here.shop.query('DELETE FROM orders')).rejects.toThrow('read-only transaction');
    await asTold(words);
    expect([await names(), await here.shop.count('orders'), await broken()]).toEqual([[here.shop.name], 20, 50]);
    await here.shop.query(`INSERT INTO audit VALUES ('takes writes')`);
  });

  it('and of Belay: a step that may run only once is parked, with the reason why nothing could be seen', async () => {
    const daemon = await begun(whole, { idempotent: false });
    await gate.waiting();
    await Promise.all([daemon.end('SIGKILL'), here.server.kill()]);
    await daemon.start();
    const { needsHuman, rungs } = await daemon.incident('parked', WITHIN_MS, ({ status }) => status === 'needs-human');
    expect([needsHuman?.reason, rungs[0]?.steps[0]?.status]).toEqual(['step-parked', 'parked']);
    expect(rungs[0]?.steps[0]?.error).toMatch(/whether it took effect is unknown \(Error: PostgreSQL: connect ECONNREFUSED [^)]*\).*look at its real state and decide/);
    await here.server.start();
    expect([await here.shop.count('orders'), await broken()]).toEqual([20, 50]);
    const [, staging] = await here.shop.databases();
    expect(staging?.comment).toMatch(/^Belay restores shop\d+ from tonight here; not in use\./);
  });

  it('and of Belay: started first, Belay fails with the same words, and another rollback leaves writers in', async () => {
    const daemon = await begun(whole);
    await gate.waiting();
    await Promise.all([daemon.end('SIGKILL'), here.server.kill()]);
    await daemon.start();
    const [step] = steps(await over(daemon));
    expect(step).toMatchObject({ status: 'failed', error: expect.stringMatching(LET_IN) as string });
    await here.server.start();
    await expect(here.shop.query('DELETE FROM orders')).rejects.toThrow('read-only transaction');
    gate.open();
    await here.runner({}, { executionId: 'another' }).execute('data', { database: 'shop-db', ...whole });
    expect([await here.shop.count('orders'), await broken()]).toEqual([200, 0]);
    await here.shop.query(`INSERT INTO audit VALUES ('takes writes')`);
    await asTold(step?.error ?? '');
    expect(await names()).toEqual([here.shop.name, `${here.shop.name}_before_…`]);
  });
});

it('a restore whose time is over says what it has left', async () => {
  const daemon = await begun(whole, { timeout: 2 });
  const [step] = steps(await over(daemon));
  expect(step?.error).toMatch(new RegExp(`timed out after 2 seconds \\(Error: ${here.shop.name} is as it was, and what was restored stays in ${here.shop.name}_restoring_`));
  await here.shop.query(`INSERT INTO audit VALUES ('takes writes')`);
});
