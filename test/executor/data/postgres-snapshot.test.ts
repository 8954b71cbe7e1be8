import { rmSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PostgresShop, writeSum } from '../../support/postgres-shop.js';
import { ShopDatabases } from '../../support/shop-databases.js';

const here = new ShopDatabases();
const restore = { database: 'shop-db', snapshotId: 'before-v42' };
const dumpPath = (name = 'before-v42.dump'): string => here.path(name);

async function corrupt(): Promise<void> {
  await here.shop.query(`UPDATE customers SET email = 'broken' || id; DELETE FROM orders WHERE id > 20`);
}

/** Nothing has been touched: one database, writable, with the rows that it had. */
async function expectUntouched(orders: number): Promise<void> {
  expect((await here.shop.databases()).map(({ name, comment, allowed }) => ({ name, comment, allowed }))).toEqual([{ name: here.shop.name, comment: null, allowed: true }]);
  expect(await here.shop.count('orders')).toBe(orders);
  await here.shop.query(`INSERT INTO audit VALUES ('still writable')`);
}

describe('a snapshot', () => {
  it('takes the place of the database, which is kept, and undo switches back', async () => {
    here.shop.dump(dumpPath());
    await corrupt();
    await here.shop.onServer(`COMMENT ON DATABASE "${here.shop.name}" IS 'the shop'; ALTER DATABASE "${here.shop.name}" SET search_path = "$user", public, extra; ALTER DATABASE "${here.shop.name}" CONNECTION LIMIT 77; REVOKE CONNECT ON DATABASE "${here.shop.name}" FROM PUBLIC`);
    const run = here.runner();
    expect(await run.ready('data', restore)).toMatch(/^backup before-v42 is verified: of shop\d+, \d+s old, its checksum is right$/);
    expect((await run.describe('data', restore)).summary).toMatch(/^database shop\d+: as it is \(\d+ MB\) → restored from before-v42$/);
    expect(await run.state('data', restore)).toBe('not-applied');
    const captured = await run.capture('data', restore);
    await run.execute('data', restore);
    expect(await run.state('data', restore)).toBe('applied');
    expect([await here.shop.count('orders'), await here.shop.count(`customers WHERE email LIKE 'broken%'`)]).toEqual([200, 0]);
    const [live, kept] = await here.shop.databases();
    expect(live).toEqual({ name: here.shop.name, comment: 'the shop', allowed: true });
    expect(kept?.name).toMatch(/^shop\d+_before_\d{8}T\d{6}Z_[0-9a-f]{10}$/);
    expect(kept?.comment).toMatch(/^Kept by Belay: shop\d+ as it was before it was restored from before-v42\. Drop it/);
    expect(await here.shop.count('orders', kept?.name)).toBe(20);
    await expect(here.shop.query('DELETE FROM orders', kept?.name)).rejects.toThrow('read-only transaction');
    const [like] = await here.shop.onServer<{ limit: number; path: string[]; acl: string }>(`SELECT datconnlimit AS limit, datacl::text AS acl, (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = d.oid AND setrole = 0) AS path FROM pg_database d WHERE datname = '${here.shop.name}'`);
    expect(like).toMatchObject({ limit: 77, path: ['search_path="$user", public, extra'], acl: expect.not.stringContaining('{=Tc') as string });

    await run.undo('data', restore, captured);
    expect(await here.shop.count('orders')).toBe(20);
    await here.shop.query(`INSERT INTO audit VALUES ('writable again')`);
    const after = await here.shop.databases();
    expect(after.map(({ name }) => name.replace(/\d{8}T\d{6}Z_[0-9a-f]+$/, '…'))).toEqual([here.shop.name, `${here.shop.name}_undone_…`]);
    expect(after[0]?.comment).toBe('the shop');
    expect(await here.shop.count('orders', after[1]?.name)).toBe(200);
  });

  it.each<[string, string, RegExp]>([
    ['rows were written', `INSERT INTO orders (customer_id) VALUES (1); UPDATE customers SET email = 'moved@example.com' WHERE id = 7; DELETE FROM orders WHERE id = 3`, /1 rows were inserted, 1 updated and 1 deleted since/],
    ['a table was emptied', 'TRUNCATE orders', /truncated or rewritten since/],
    ['a table was made', 'CREATE TABLE more (id int)', /tables were made/],
  ])('that is in use is not taken out of use by undo once %s', async (_what, sql, words) => {
    here.shop.dump(dumpPath());
    await corrupt();
    const captured = await here.runner().capture('data', restore);
    await here.runner().execute('data', restore);
    for (const harmless of ['SELECT * FROM orders', 'ANALYZE', 'VACUUM']) await here.shop.query(harmless);
    expect((await here.runner().describeUndo('data', restore, captured)).summary).toMatch(/restored from before-v42 → as it was before$/);
    await here.shop.query(sql);
    const databases = await here.shop.databases();
    await expect(here.runner().describeUndo('data', restore, captured)).rejects.toMatchObject({ code: 'state-drifted', message: expect.stringMatching(words) as string });
    const refusal = await here.runner().undo('data', restore, captured).catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ code: 'state-drifted' });
    expect(await here.shop.databases()).toEqual(databases);
    await here.shop.query(`INSERT INTO audit VALUES ('takes writes')`);
    // Who wants it all the same does as the words say.
    const statements = /write (.*;)/.exec(refusal?.message ?? '')?.[1] ?? 'SELECT nothing';
    for (const statement of statements.split(';').filter(Boolean)) await here.shop.onServer(statement);
    expect(await here.shop.count('orders')).toBe(20);
    await here.shop.query(`INSERT INTO audit VALUES ('takes writes')`);
  });

  it('is not taken out of use by undo once somebody has put another database there', async () => {
    here.shop.dump(dumpPath());
    const captured = await here.runner().capture('data', restore);
    await here.runner().execute('data', restore);
    await here.shop.onServer(`ALTER DATABASE "${here.shop.name}" RENAME TO "${here.shop.name}_x"`);
    await here.shop.onServer(`CREATE DATABASE "${here.shop.name}"`);
    await expect(here.runner().undo('data', restore, captured)).rejects.toMatchObject({ code: 'state-drifted' });
  });

  it('that an earlier rollback has restored is restored again', async () => {
    here.shop.dump(dumpPath());
    await here.runner().execute('data', restore);
    await corrupt();
    expect(await here.runner({}, { executionId: 'rollback-2' }).state('data', restore)).toBe('not-applied');
    await here.runner({}, { executionId: 'rollback-2' }).execute('data', restore);
    expect(await here.shop.count('orders')).toBe(200);
    expect((await here.shop.databases()).length).toBe(3);
  });

  it.each<[string, string[]]>([['directory', ['--format=directory']], ['tar', ['--format=tar']], ['plain', ['--format=plain', '--verbose']]])('of the format %s is as good', async (_format, args) => {
    here.shop.dump(dumpPath('before-v42'), ...args);
    writeFileSync(dumpPath('before-v42.json'), JSON.stringify({ database: here.shop.name, rows: { orders: 200, 'public.customers': 50 } }));
    await corrupt();
    await here.runner({ jobs: 2 }).execute('data', restore);
    expect([await here.shop.count('orders'), await here.shop.count(`customers WHERE email LIKE 'broken%'`)]).toEqual([200, 0]);
  });

  it('ends sessions, lets nobody write while it restores, and lifts sequences that the dump left behind', async () => {
    await here.shop.query(`SELECT setval('customers_id_seq', 3)`);
    here.shop.dump(dumpPath());
    await here.runner().execute('data', restore);
    const [row] = await here.shop.query<{ id: number }>(`INSERT INTO customers (email) VALUES ('new@example.com') RETURNING id`);
    expect(row?.id).toBe(51);
  });
});

describe('a backup is refused, and nothing is touched, when it', () => {
  it.each<[string, string, () => void | Promise<void>, Record<string, unknown>?]>([
    ['is missing', 'there is no backup before-v42 in', () => undefined],
    ['is truncated', 'is not what its checksum says', () => { here.shop.dump(dumpPath()); writeFileSync(dumpPath(), readFileSync(dumpPath()).subarray(0, -50)); }],
    ['is truncated and nobody has a checksum', 'cannot be read to its end', () => { here.shop.dump(dumpPath()); rmSync(`${dumpPath()}.sha256`); writeFileSync(dumpPath(), readFileSync(dumpPath()).subarray(0, -50)); }, { backups: { checksum: 'optional' } }],
    ['is hardly there', 'cannot be read', () => { here.shop.dump(dumpPath()); writeFileSync(dumpPath(), readFileSync(dumpPath()).subarray(0, 300)); writeSum(dumpPath()); }],
    ['has no checksum', 'has no checksum', () => { here.shop.dump(dumpPath()); rmSync(`${dumpPath()}.sha256`); }],
    ['is of another database', 'is of the database other', async () => { (await PostgresShop.create(here.server.url, `other_${here.shop.name}`)).dump(dumpPath()); }],
    ['is too old', 'old, and at most 1s is allowed', () => { here.shop.dump(dumpPath()); writeFileSync(`${dumpPath()}.json`, JSON.stringify({ madeAt: '2026-01-01T00:00:00Z' })); }, { backups: { maxAge: '1s' } }],
    ['is from the future', 'in the future', () => { here.shop.dump(dumpPath()); }, { backups: { timeZone: 'America/New_York' } }],
    ['may be of nobody knows what age', 'nobody has said how old', () => { here.shop.dump(dumpPath()); }, { backups: { maxAge: undefined } }],
    ['is no dump', 'neither an archive of pg_dump nor a plain dump', () => { writeFileSync(dumpPath(), 'hello'); writeSum(dumpPath()); }],
    ['is half a plain dump', 'lacks the last line', () => { here.shop.dump(dumpPath(), '--format=plain'); writeFileSync(dumpPath(), readFileSync(dumpPath()).subarray(0, -3_000)); writeSum(dumpPath()); }],
    ['holds commands for psql', 'is a command of psql', () => { here.shop.dump(dumpPath(), '--format=plain'); writeFileSync(dumpPath(), readFileSync(dumpPath(), 'utf8').replace('\nCREATE TABLE', '\n\\! touch pwned\nCREATE TABLE')); writeSum(dumpPath()); }],
  ])('%s', async (_why, words, make, binding = {}) => {
    await make();
    const refusal = { code: 'backup-unfit', message: expect.stringContaining(words) as string };
    await expect(here.runner(binding).ready('data', restore)).rejects.toMatchObject(refusal);
    await expect(here.runner(binding).execute('data', restore)).rejects.toMatchObject(refusal);
    await expectUntouched(200);
  });

  it('is older than the target allows', async () => {
    here.shop.dump(dumpPath());
    const own = { backups: { maxAge: undefined } };
    expect(await here.runner(own, { rpoMs: 60_000 }).ready('data', restore)).toContain('is verified');
    await expect(here.runner(own, { rpoMs: -1 }).ready('data', restore)).rejects.toThrow('at most');
  });
});

describe('writers that are stopped by commands', () => {
  const log = (): string[] => readFileSync(here.path('log.txt'), 'utf8').trim().split('\n');
  const command = (word: string, code = 0): string[] => [process.execPath, '-e', `require('node:fs').appendFileSync('log.txt', process.argv[1] + '\\n'); process.exit(${code})`, `${word} \${database}`];
  const stopWrites = (more: object = {}): Record<string, unknown> => ({ stopWrites: { stop: command('stop'), start: command('start'), ...more } });

  it('are stopped before the restore and started behind it, once more where it was made already, and after an undo', async () => {
    here.shop.dump(dumpPath());
    await corrupt();
    const run = here.runner(stopWrites());
    expect((await run.describe('data', restore)).summary).toMatch(/→ restored from before-v42, then what writes starts again$/);
    const captured = await run.capture('data', restore);
    await run.execute('data', restore);
    expect([log(), await here.shop.count('orders')]).toEqual([['stop shop-db', 'start shop-db'], 200]);
    // A run that died in between may have left it stopped.
    expect(await run.state('data', restore)).toBe('unknown');
    await run.execute('data', restore);
    expect(log()).toEqual(['stop shop-db', 'start shop-db', 'start shop-db']);
    await run.undo('data', restore, captured);
    expect([log().length, log().at(-1), await here.shop.count('orders')]).toEqual([4, 'start shop-db', 20]);
  });

  it('are started again where the restore fails, or its time is over', async () => {
    here.shop.dump(dumpPath());
    await corrupt();
    const checks = (sql: string): object[] => [{ name: 'never', sql }];
    await expect(here.runner({ ...stopWrites(), checks: checks('SELECT false') }).execute('data', restore)).rejects.toMatchObject({ code: 'data-unsound' });
    expect([log(), await here.shop.count('orders')]).toEqual([['stop shop-db', 'start shop-db'], 20]);

    const abort = new AbortController();
    const ended = here.runner({ ...stopWrites(), checks: checks('SELECT pg_sleep(20) IS NULL') }).execute('data', restore, abort.signal).catch((error: unknown) => error);
    await expect.poll(log, { timeout: 10_000 }).toHaveLength(3);
    abort.abort(new Error('the time is over'));
    expect(await ended).toBeInstanceOf(Error);
    expect([log().length, log().at(-1)]).toEqual([4, 'start shop-db']);
    await here.shop.query(`INSERT INTO audit VALUES ('writable')`);
  });

  it('that do not stop keep the database as it is; that do not start again are told', async () => {
    here.shop.dump(dumpPath());
    await corrupt();
    await expect(here.runner(stopWrites({ stop: command('stop', 1) })).execute('data', restore)).rejects.toMatchObject({ code: 'command-failed' });
    await expectUntouched(20);
    expect(log()).toEqual(['stop shop-db', 'start shop-db']);
    await expect(here.runner({ ...stopWrites({ start: command('start', 1) }), checks: [{ name: 'never', sql: 'SELECT false' }] }).execute('data', restore)).rejects.toThrow(/check "never" .*; and what was stopped does not run again: .* exited with 1/);
  });
});

describe('integrity', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['a declared check', { checks: [{ name: 'all orders', sql: 'SELECT count(*) FROM orders', expect: '> 200' }] }, 'check "all orders" answered "200", expected "> 200"'],
    ['a check that cannot be asked', { checks: [{ name: 'odd', sql: 'SELECT nothing FROM nowhere' }] }, 'check "odd" could not be asked: relation "nowhere" does not exist'],
    ['a check that would write', { checks: [{ name: 'writes', sql: 'DELETE FROM orders RETURNING true' }] }, 'read-only transaction'],
    ['a row count', { rows: { orders: 201 } }, 'orders has 200 rows after the restore, and had 201'],
  ])('that fails (%s) leaves the database as it was', async (_what, { rows, ...binding }, words) => {
    here.shop.dump(dumpPath());
    if (rows !== undefined) writeFileSync(`${dumpPath()}.json`, JSON.stringify({ rows }));
    await corrupt();
    await expect(here.runner(binding).execute('data', restore)).rejects.toMatchObject({ code: 'data-unsound', message: expect.stringContaining(words) as string });
    const [live, staging, more] = await here.shop.databases();
    expect([live?.allowed, staging?.name, more]).toEqual([true, expect.stringMatching(/_restoring_/), undefined]);
    expect(await here.shop.count('orders')).toBe(20);
    await here.shop.query(`INSERT INTO audit VALUES ('writable')`);
    // The next attempt begins with what is there, and ends well.
    rmSync(`${dumpPath()}.json`, { force: true });
    await here.runner({ checks: [{ name: 'orders', sql: 'SELECT count(*) = 200 FROM orders' }] }).execute('data', restore);
    expect(await here.shop.count('orders')).toBe(200);
  });
});
