import { readdirSync, writeFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { writeSum } from '../../support/postgres-shop.js';
import { ShopDatabases } from '../../support/shop-databases.js';

const here = new ShopDatabases();
const customers = { database: 'shop-db', tables: { customers: 'monday' } };
const dump = (...args: string[]): void => here.shop.dump(here.path('monday.dump'), ...args);

const keptSchemas = async (): Promise<string[]> => (await here.shop.query<{ name: string }>(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'belay%' ORDER BY 1`)).map(({ name }) => name);
const breakEmails = (): Promise<unknown> => here.shop.query(`UPDATE customers SET email = 'broken' || id WHERE id > 10`);
const broken = (): Promise<number> => here.shop.count(`customers WHERE email LIKE 'broken%'`);
const audited = (): Promise<number> => here.shop.count('audit');

it('a corrupted table is restored, with keys, generated columns, triggers and everything else as it was; undo puts the old rows back', async () => {
  dump();
  await breakEmails();
  await here.shop.query(`COMMENT ON CONSTRAINT orders_customer_id_fkey ON orders IS 'who ordered'`);
  const keys = (): Promise<unknown> => here.shop.query(`SELECT conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint'), convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1`);
  const [before, notes] = [await keys(), await audited()];
  const run = here.runner();
  expect((await run.describe('data', customers)).summary).toMatch(/^tables of shop\d+: as they are → customers from monday$/);
  const captured = await run.capture('data', customers);
  await run.execute('data', customers);
  expect([await broken(), await here.shop.count('customers'), await here.shop.count('orders'), await audited()]).toEqual([0, 50, 200, notes]);
  expect(await keys()).toEqual(before);
  expect(await here.shop.query(`SELECT shouting FROM customers WHERE id = 30`)).toEqual([{ shouting: 'C30@EXAMPLE.COM' }]);
  const [kept = ''] = await keptSchemas();
  expect(await here.shop.count(`${kept}.customers WHERE email LIKE 'broken%'`)).toBe(40);
  expect(await run.state('data', customers)).toBe('applied');
  await run.undo('data', customers, captured);
  expect([await broken(), await keptSchemas()]).toEqual([40, [kept, `${kept}_undone`]]);
  expect(await here.shop.query(`SELECT tgenabled FROM pg_trigger WHERE tgname = 'customers_changed'`)).toEqual([{ tgenabled: 'O' }]);
});

it('undo does not lose what was written since', async () => {
  dump();
  await breakEmails();
  const captured = await here.runner().capture('data', customers);
  await here.runner().execute('data', customers);
  await here.shop.query(`UPDATE customers SET email = 'moved@example.com' WHERE id = 7`);
  await expect(here.runner().undo('data', customers, captured)).rejects.toMatchObject({ code: 'state-drifted', message: expect.stringContaining('1 rows of customers were written since') as string });
  expect(await broken()).toBe(0);
});

it('several tables, of other schemas and odd names, come from a plain dump as well, with rows as they were to the byte', async () => {
  await here.shop.query(`CREATE SCHEMA "Sales"; CREATE TABLE "Sales"."user" (id int PRIMARY KEY, "odd ""name" text, raw bytea, list text[]);
    INSERT INTO "Sales"."user" VALUES (1, E'a\\tb\\nc\\\\.', '\\x00ff', '{"x,y",NULL}'), (2, NULL, NULL, '{}'), (3, E'\\\\.', '', NULL)`);
  const rows = await here.shop.query(`SELECT * FROM "Sales"."user" ORDER BY id`);
  const orders = await here.shop.query(`SELECT * FROM orders ORDER BY id`);
  const path = here.path('monday.sql');
  here.shop.dump(path, '--format=plain');
  writeFileSync(`${path}.json`, JSON.stringify({ database: here.shop.name, madeAt: new Date().toISOString(), rows: { orders: 200, 'Sales.user': 3 } }));
  await here.shop.query(`DELETE FROM "Sales"."user"; DELETE FROM orders`);
  await here.runner().execute('data', { database: 'shop-db', tables: { 'Sales.user': 'monday', orders: 'monday' } });
  expect(await here.shop.query(`SELECT * FROM "Sales"."user" ORDER BY id`)).toEqual(rows);
  expect(await here.shop.query(`SELECT * FROM orders ORDER BY id`)).toEqual(orders);
  const [next] = await here.shop.query<{ id: string }>('INSERT INTO orders (customer_id) VALUES (1) RETURNING id');
  expect(Number(next?.id)).toBe(201);
});

it.each<[string, string, () => Promise<unknown>, Record<string, unknown>?, Record<string, unknown>?]>([
  ['a foreign key would not hold', 'the foreign key orders_customer_id_fkey does not hold', () => here.shop.query(`INSERT INTO customers (id, email) VALUES (900, 'late@example.com'); INSERT INTO orders (customer_id) VALUES (900)`)],
  ['the dump has a column that is gone', 'has no column email', () => here.shop.query('ALTER TABLE customers DROP COLUMN shouting; ALTER TABLE customers DROP COLUMN email')],
  ['a check fails', 'check "nobody"', breakEmails, { checks: [{ name: 'nobody', sql: 'SELECT count(*) FROM customers', expect: 0 }] }],
  ['the table is a view', 'is no table of rows', () => here.shop.query('DROP TABLE audit; CREATE VIEW audit AS SELECT 1'), {}, { tables: { audit: 'monday' } }],
  ['there is no such table', 'has no rows of nobody', breakEmails, {}, { tables: { nobody: 'monday' } }],
  ['the manifest says otherwise', 'its manifest says 51', async () => writeFileSync(here.path('monday.dump.json'), JSON.stringify({ rows: { customers: 51 } }))],
])('nothing changes when %s', async (_why, words, make, binding = {}, parameters = {}) => {
  dump();
  await make();
  const rows = async (): Promise<unknown> => [await here.shop.query('SELECT * FROM customers ORDER BY id'), await here.shop.query('SELECT * FROM audit'), await keptSchemas()];
  const before = await rows();
  await expect(here.runner(binding).execute('data', { ...customers, ...parameters })).rejects.toThrow(words);
  expect(await rows()).toEqual(before);
});

it('a table that others hold is left alone, and a step whose time is over lets go at once', async () => {
  dump();
  await here.shop.query('SELECT 1');
  vi.stubEnv('TMPDIR', here.path());
  const blocker = here.shop.query('BEGIN; LOCK TABLE customers IN ACCESS SHARE MODE; SELECT pg_sleep(3); COMMIT');
  await expect(here.runner().execute('data', customers, AbortSignal.timeout(1_000))).rejects.toThrow(/timeout/i);
  await blocker;
  expect([await keptSchemas(), readdirSync(here.path()).filter((name) => name.startsWith('belay-tables-'))]).toEqual([[], []]);
  await here.runner().execute('data', customers);
  vi.unstubAllEnvs();
});

it('a dump with inserts instead of rows is refused', async () => {
  dump('--inserts');
  writeSum(here.path('monday.dump'));
  await expect(here.runner().execute('data', customers)).rejects.toMatchObject({ code: 'backup-unfit', message: expect.stringContaining('can only be restored whole') as string });
});
