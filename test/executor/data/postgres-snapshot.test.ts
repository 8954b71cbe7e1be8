import { mkdtempSync, rmSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PostgresShop, writeSum } from '../../support/postgres-shop.js';
import { startPostgres, type PostgresServer } from '../../support/postgres-server.js';
import { StepRunner } from '../../support/step-runner.js';

let server: PostgresServer;
let directory: string;
let shop: PostgresShop;
let count = 0;

beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.stop());
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'belay-backups-'));
  count += 1;
  shop = await PostgresShop.create(server.url, `shop${count}`);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const restore = { database: 'shop-db', snapshotId: 'before-v42' };
const dumpPath = (name = 'before-v42.dump'): string => join(directory, name);

function runner(binding: Record<string, unknown> = {}, options: { executionId?: string; rpoMs?: number } = {}): StepRunner {
  const { backups, ...rest } = binding;
  const bindings = { databases: { 'shop-db': { type: 'postgres', url: shop.url, backups: { directory, maxAge: '1h', ...(backups as object) }, ...rest } } };
  return new StepRunner({ directory: '/', bindings, executionId: 'rollback-1', ...options });
}

async function corrupt(): Promise<void> {
  await shop.query(`UPDATE customers SET email = 'broken' || id; DELETE FROM orders WHERE id > 20`);
}

/** Nothing has been touched: one database, writable, with the rows that it had. */
async function expectUntouched(orders: number): Promise<void> {
  expect((await shop.databases()).map(({ name, comment, allowed }) => ({ name, comment, allowed }))).toEqual([{ name: shop.name, comment: null, allowed: true }]);
  expect(await shop.count('orders')).toBe(orders);
  await shop.query(`INSERT INTO audit VALUES ('still writable')`);
}

describe('a snapshot', () => {
  it('takes the place of the database, which is kept, and undo switches back', async () => {
    shop.dump(dumpPath());
    await corrupt();
    await shop.onServer(`COMMENT ON DATABASE "${shop.name}" IS 'the shop'; ALTER DATABASE "${shop.name}" SET search_path = "$user", public, extra; ALTER DATABASE "${shop.name}" CONNECTION LIMIT 77; REVOKE CONNECT ON DATABASE "${shop.name}" FROM PUBLIC`);
    const run = runner();
    expect(await run.ready('data', restore)).toMatch(/^backup before-v42 is verified: of shop\d+, \d+s old, its checksum is right$/);
    expect((await run.describe('data', restore)).summary).toMatch(/^database shop\d+: as it is \(\d+ MB\) → restored from before-v42$/);
    expect(await run.state('data', restore)).toBe('not-applied');
    const captured = await run.capture('data', restore);
    await run.execute('data', restore);
    expect(await run.state('data', restore)).toBe('applied');
    expect([await shop.count('orders'), await shop.count(`customers WHERE email LIKE 'broken%'`)]).toEqual([200, 0]);
    const [live, kept] = await shop.databases();
    expect(live).toEqual({ name: shop.name, comment: 'the shop', allowed: true });
    expect(kept?.name).toMatch(/^shop\d+_before_\d{8}T\d{6}Z_[0-9a-f]{10}$/);
    expect(kept?.comment).toMatch(/^Kept by Belay: shop\d+ as it was before it was restored from before-v42\. Drop it/);
    expect(await shop.count('orders', kept?.name)).toBe(20);
    await expect(shop.query('DELETE FROM orders', kept?.name)).rejects.toThrow('read-only transaction');
    await shop.query(`INSERT INTO orders (customer_id) VALUES (1)`);
    const [like] = await shop.onServer<{ limit: number; path: string[]; acl: string }>(`SELECT datconnlimit AS limit, datacl::text AS acl, (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = d.oid AND setrole = 0) AS path FROM pg_database d WHERE datname = '${shop.name}'`);
    expect(like).toMatchObject({ limit: 77, path: ['search_path="$user", public, extra'], acl: expect.not.stringContaining('{=Tc') as string });

    await run.undo('data', restore, captured);
    expect(await shop.count('orders')).toBe(20);
    await shop.query(`INSERT INTO audit VALUES ('writable again')`);
    const after = await shop.databases();
    expect(after.map(({ name }) => name.replace(/\d{8}T\d{6}Z_[0-9a-f]+$/, '…'))).toEqual([shop.name, `${shop.name}_undone_…`]);
    expect(after[0]?.comment).toBe('the shop');
    expect(await shop.count('orders', after[1]?.name)).toBe(201);
  });

  it('that an earlier rollback has restored is restored again', async () => {
    shop.dump(dumpPath());
    await runner().execute('data', restore);
    await corrupt();
    expect(await runner({}, { executionId: 'rollback-2' }).state('data', restore)).toBe('not-applied');
    await runner({}, { executionId: 'rollback-2' }).execute('data', restore);
    expect(await shop.count('orders')).toBe(200);
    expect((await shop.databases()).length).toBe(3);
  });

  it.each<[string, string[]]>([['directory', ['--format=directory']], ['tar', ['--format=tar']], ['plain', ['--format=plain', '--verbose']]])('of the format %s is as good', async (_format, args) => {
    shop.dump(dumpPath('before-v42'), ...args);
    writeFileSync(dumpPath('before-v42.json'), JSON.stringify({ database: shop.name, rows: { orders: 200, 'public.customers': 50 } }));
    await corrupt();
    await runner({ jobs: 2 }).execute('data', restore);
    expect([await shop.count('orders'), await shop.count(`customers WHERE email LIKE 'broken%'`)]).toEqual([200, 0]);
  });

  it('ends sessions, lets nobody write while it restores, and lifts sequences that the dump left behind', async () => {
    await shop.query(`SELECT setval('customers_id_seq', 3)`);
    shop.dump(dumpPath());
    await runner().execute('data', restore);
    const [row] = await shop.query<{ id: number }>(`INSERT INTO customers (email) VALUES ('new@example.com') RETURNING id`);
    expect(row?.id).toBe(51);
  });
});

describe('a backup is refused, and nothing is touched, when it', () => {
  it.each<[string, string, () => void | Promise<void>, Record<string, unknown>?]>([
    ['is missing', 'there is no backup before-v42 in', () => undefined],
    ['is truncated', 'is not what its checksum says', () => { shop.dump(dumpPath()); writeFileSync(dumpPath(), readFileSync(dumpPath()).subarray(0, -50)); }],
    ['is truncated and nobody has a checksum', 'cannot be read to its end', () => { shop.dump(dumpPath()); rmSync(`${dumpPath()}.sha256`); writeFileSync(dumpPath(), readFileSync(dumpPath()).subarray(0, -50)); }, { backups: { checksum: 'optional' } }],
    ['is hardly there', 'cannot be read', () => { shop.dump(dumpPath()); writeFileSync(dumpPath(), readFileSync(dumpPath()).subarray(0, 300)); writeSum(dumpPath()); }],
    ['has no checksum', 'has no checksum', () => { shop.dump(dumpPath()); rmSync(`${dumpPath()}.sha256`); }],
    ['is of another database', 'is of the database other', async () => { (await PostgresShop.create(server.url, `other${count}`)).dump(dumpPath()); }],
    ['is too old', 'old, and at most 1s is allowed', () => { shop.dump(dumpPath()); writeFileSync(`${dumpPath()}.json`, JSON.stringify({ madeAt: '2026-01-01T00:00:00Z' })); }, { backups: { maxAge: '1s' } }],
    ['is from the future', 'in the future', () => { shop.dump(dumpPath()); }, { backups: { timeZone: 'America/New_York' } }],
    ['may be of nobody knows what age', 'nobody has said how old', () => { shop.dump(dumpPath()); }, { backups: { maxAge: undefined } }],
    ['is no dump', 'neither an archive of pg_dump nor a plain dump', () => { writeFileSync(dumpPath(), 'hello'); writeSum(dumpPath()); }],
    ['is half a plain dump', 'lacks the last line', () => { shop.dump(dumpPath(), '--format=plain'); writeFileSync(dumpPath(), readFileSync(dumpPath()).subarray(0, -3_000)); writeSum(dumpPath()); }],
    ['holds commands for psql', 'is a command of psql', () => { shop.dump(dumpPath(), '--format=plain'); writeFileSync(dumpPath(), readFileSync(dumpPath(), 'utf8').replace('\nCREATE TABLE', '\n\\! touch pwned\nCREATE TABLE')); writeSum(dumpPath()); }],
  ])('%s', async (_why, words, make, binding = {}) => {
    await make();
    const refusal = { code: 'backup-unfit', message: expect.stringContaining(words) as string };
    await expect(runner(binding).ready('data', restore)).rejects.toMatchObject(refusal);
    await expect(runner(binding).execute('data', restore)).rejects.toMatchObject(refusal);
    await expectUntouched(200);
  });

  it('is older than the target allows', async () => {
    shop.dump(dumpPath());
    const own = { backups: { maxAge: undefined } };
    expect(await runner(own, { rpoMs: 60_000 }).ready('data', restore)).toContain('is verified');
    await expect(runner(own, { rpoMs: -1 }).ready('data', restore)).rejects.toThrow('at most');
  });
});

describe('integrity', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['a declared check', { checks: [{ name: 'all orders', sql: 'SELECT count(*) FROM orders', expect: '> 200' }] }, 'check "all orders" answered "200", expected "> 200"'],
    ['a check that cannot be asked', { checks: [{ name: 'odd', sql: 'SELECT nothing FROM nowhere' }] }, 'check "odd" could not be asked: relation "nowhere" does not exist'],
    ['a check that would write', { checks: [{ name: 'writes', sql: 'DELETE FROM orders RETURNING true' }] }, 'read-only transaction'],
    ['a row count', { rows: { orders: 201 } }, 'orders has 200 rows after the restore, and had 201'],
  ])('that fails (%s) leaves the database as it was', async (_what, { rows, ...binding }, words) => {
    shop.dump(dumpPath());
    if (rows !== undefined) writeFileSync(`${dumpPath()}.json`, JSON.stringify({ rows }));
    await corrupt();
    await expect(runner(binding).execute('data', restore)).rejects.toMatchObject({ code: 'data-unsound', message: expect.stringContaining(words) as string });
    const [live, staging, more] = await shop.databases();
    expect([live?.allowed, staging?.name, more]).toEqual([true, expect.stringMatching(/_restoring_/), undefined]);
    expect(await shop.count('orders')).toBe(20);
    await shop.query(`INSERT INTO audit VALUES ('writable')`);
    // The next attempt begins with what is there, and ends well.
    rmSync(`${dumpPath()}.json`, { force: true });
    await runner({ checks: [{ name: 'orders', sql: 'SELECT count(*) = 200 FROM orders' }] }).execute('data', restore);
    expect(await shop.count('orders')).toBe(200);
  });
});
