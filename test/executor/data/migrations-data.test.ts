import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../../src/process/run-command.js';
import { ShopDatabases } from '../../support/shop-databases.js';
import type { StepRunner } from '../../support/step-runner.js';

const PACKAGES = fileURLToPath(new URL('../../servers/node_modules', import.meta.url));

const here = new ShopDatabases();
beforeEach(() => symlinkSync(PACKAGES, here.path('node_modules')));

const url = (): string => `${here.shop.url}?sslmode=disable`;
const bin = (name: string): string => join(PACKAGES, '.bin', name);

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(here.path(path)), { recursive: true });
    writeFileSync(here.path(path), text);
  }
}

function runner(binding: Record<string, unknown>): StepRunner {
  return here.runner({ type: 'migrations', url: url(), cwd: '.', backups: 'none', ...binding });
}

async function tool(...argv: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runCommand({ argv, cwd: here.path(), env: { DATABASE_URL: url() }, signal: AbortSignal.timeout(30_000) });
  expect(exitCode, stdout + stderr).toBe(0);
}

/** Which of the three tables that the migrations make are there. */
const tables = async (): Promise<string[]> => (await here.shop.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE relname IN ('one', 'two', 'three') AND relkind = 'r' ORDER BY oid`)).map(({ name }) => name);

/** Reverses `two` and what came after it, twice, and puts it back. */
async function thereAndBack(run: StepRunner, migration: string): Promise<void> {
  const step = { database: 'shop-db', migration };
  expect(await tables()).toEqual(['one', 'two', 'three']);
  expect((await run.describe('data', step)).summary).toMatch(/^schema of shop\d+: at \S*three\S* \(2 to reverse\) → without /);
  const captured = await run.capture('data', step);
  await run.execute('data', step);
  expect([await tables(), await run.state('data', step)]).toEqual([['one'], 'applied']);
  await run.execute('data', step);
  await run.undo('data', step, captured);
  expect([await tables(), await run.state('data', step)]).toEqual([['one', 'two', 'three'], 'not-applied']);
}

const numbered = { one: '20250101000001', two: '20250101000002', three: '20250101000003' };
const dbmateFiles = Object.fromEntries(Object.entries(numbered).map(([name, number]) => [`db/migrations/${number}_${name}.sql`, `-- migrate:up\nCREATE TABLE ${name} (id int);\n\n-- migrate:down\nDROP TABLE ${name};\n`]));

describe('dbmate', () => {
  const binding = { tool: 'dbmate', program: [bin('dbmate')] };
  beforeEach(async () => {
    write(dbmateFiles);
    await tool(bin('dbmate'), '--no-dump-schema', 'up');
  });

  it.each(['20250101000002_two.sql', '20250101000002', 'two'])('goes down before %s, and up again with undo', (migration) => thereAndBack(runner(binding), migration));

  it('applies nothing in an undo that had not been applied before', async () => {
    const captured = await runner(binding).capture('data', { database: 'shop-db', migration: 'two' });
    await runner(binding).execute('data', { database: 'shop-db', migration: 'two' });
    write({ 'db/migrations/20260101000000_new.sql': '-- migrate:up\nCREATE TABLE new (id int);\n-- migrate:down\nDROP TABLE new;\n' });
    await expect(runner(binding).undo('data', { database: 'shop-db', migration: 'two' }, captured)).rejects.toThrow('20260101000000_new.sql would be applied as well');
    expect(await tables()).toEqual(['one']);
  });

  it('says what it said when a migration cannot be reversed', async () => {
    write({ 'db/migrations/20250101000003_three.sql': '-- migrate:up\nCREATE TABLE three (id int);\n-- migrate:down\nDROP TABLE nowhere;\n' });
    await expect(runner(binding).execute('data', { database: 'shop-db', migration: 'two' })).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('table "nowhere" does not exist') as string });
    expect(await tables()).toEqual(['one', 'two', 'three']);
  });

  it.each(['; rm -rf /', '$(touch pwned)', '--env=pwned', '../../etc/passwd', 'two\nlines', '"', 'x'.repeat(4_000), 'four'])('refuses a migration that is none: %j', async (migration) => {
    await expect(runner(binding).execute('data', { database: 'shop-db', migration })).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('knows no migration') as string });
    expect(await tables()).toEqual(['one', 'two', 'three']);
  });

  it('reverses nothing without a good backup, where backups are declared', async () => {
    const backups = here.path('backups');
    mkdirSync(backups);
    const careful = runner({ ...binding, backups: { directory: 'backups', maxAge: '1h' } });
    const step = { database: 'shop-db', migration: 'two' };
    await expect(careful.ready('data', step)).rejects.toMatchObject({ code: 'backup-unfit' });
    await expect(careful.execute('data', step)).rejects.toThrow('there is no backup in');
    expect(await tables()).toEqual(['one', 'two', 'three']);
    here.shop.dump(join(backups, 'tonight.dump'));
    expect(await careful.ready('data', step)).toMatch(/^backup tonight\.dump is verified/);
    await careful.execute('data', step);
    expect(await tables()).toEqual(['one']);
  });
});

it('knex goes down and up by name', async () => {
  write({
    'knexfile.cjs': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL, migrations: { directory: './migrations' } };`,
    ...Object.fromEntries(Object.entries(numbered).map(([name, number]) => [`migrations/${number}_${name}.cjs`, `exports.up = (knex) => knex.schema.createTable('${name}', (table) => table.integer('id'));\nexports.down = (knex) => knex.schema.dropTable('${name}');\n`])),
  });
  const program = [bin('knex'), '--knexfile', 'knexfile.cjs'];
  await tool(...program, 'migrate:latest');
  await thereAndBack(runner({ tool: 'knex', program, directory: 'migrations' }), 'two');
});

it('node-pg-migrate goes down and up by count', async () => {
  write(Object.fromEntries(Object.entries(numbered).map(([name, number]) => [`migrations/${number}_${name}.cjs`, `exports.up = (pgm) => pgm.createTable('${name}', { id: 'int' });\nexports.down = (pgm) => pgm.dropTable('${name}');\n`])));
  await tool(bin('node-pg-migrate'), 'up', '--migrations-dir=migrations');
  await thereAndBack(runner({ tool: 'node-pg-migrate', program: [bin('node-pg-migrate')], directory: 'migrations' }), 'two');
});

const sqlFiles = (folder: string): Record<string, string> =>
  Object.fromEntries(Object.entries(numbered).flatMap(([name, number]) => [
    [`${folder}/${number}_${name}/down.sql`, `DROP TABLE ${name};\n`],
    [`${folder}/${number}_${name}/up.sql`, `CREATE TABLE ${name} (id int);\n`],
    [`${folder}/${number}_${name}/migration.sql`, `CREATE TABLE ${name} (id int);\n`],
  ]));
const makeTables = 'CREATE TABLE one (id int); CREATE TABLE two (id int); CREATE TABLE three (id int);';
const names = Object.entries(numbered).map(([name, number]) => `${number}_${name}`);

describe('plain SQL', () => {
  beforeEach(async () => {
    write(sqlFiles('sql'));
    await here.shop.query(`${makeTables} CREATE TABLE schema_migrations (version text PRIMARY KEY); INSERT INTO schema_migrations VALUES ${names.map((name) => `('${name}')`).join(', ')}`);
  });

  it('goes down and up', () => thereAndBack(runner({ tool: 'sql', directory: 'sql' }), 'two'));

  it.each([['DROP TABLE three; DROP TABLE nowhere;', 'nowhere'], ['DROP TABLE three;\nCOMMIT;\nDROP TABLE nowhere;', 'begins or ends transactions']])('is all or nothing: %j', async (sql, words) => {
    write({ [`sql/${names[2]}/down.sql`]: sql });
    await expect(runner({ tool: 'sql', directory: 'sql' }).execute('data', { database: 'shop-db', migration: 'three' })).rejects.toThrow(words);
    expect([await tables(), await here.shop.count('schema_migrations')]).toEqual([['one', 'two', 'three'], 3]);
  });
});

/**
 * Contract-tested: a program that does with `_prisma_migrations` what Prisma ORM's documentation says of `migrate resolve`
 * (P3012 for a migration that is not in a failed state) and of `migrate deploy`.
 */
const FAKE_PRISMA = `#!/usr/bin/env node
const { Client } = require('pg');
const { readdirSync, readFileSync } = require('fs');
const main = async () => {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const [, , ...args] = process.argv;
  require('fs').appendFileSync('calls', args.join(' ') + '\\n');
  if (args[1] === 'resolve') {
    const { rowCount } = await client.query('UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL', [args[3]]);
    if (rowCount !== 1) throw new Error('P3012 Migration ' + args[3] + ' cannot be rolled back because it is not in a failed state.');
  } else {
    const failed = await client.query('SELECT FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL');
    if (failed.rowCount > 0) throw new Error('P3009 migrate found failed migrations');
    for (const name of readdirSync('prisma/migrations').filter((entry) => /^\\d/.test(entry)).sort()) {
      const { rowCount } = await client.query('SELECT FROM _prisma_migrations WHERE migration_name = $1 AND rolled_back_at IS NULL', [name]);
      if (rowCount > 0) continue;
      await client.query(readFileSync('prisma/migrations/' + name + '/migration.sql', 'utf8'));
      await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES (gen_random_uuid()::text, '', $1, now())", [name]);
    }
  }
  await client.end();
};
main().catch((error) => { console.error(error.message); process.exit(1); });
`;

describe('Prisma', () => {
  const binding = { tool: 'prisma', program: ['./prisma-program'], directory: 'prisma/migrations' };
  const step = { database: 'shop-db', migration: names[2] ?? '' };
  beforeEach(async () => {
    write({ ...sqlFiles('prisma/migrations'), 'prisma-program': FAKE_PRISMA, 'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n' });
    chmodSync(here.path('prisma-program'), 0o755);
    await here.shop.query(`${makeTables} CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT clock_timestamp(), applied_steps_count integer NOT NULL DEFAULT 0);
      INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, started_at) VALUES ${names.map((name, index) => `(gen_random_uuid()::text, '', '${name}', now(), now() + interval '${index} s')`).join(', ')}`);
  });

  it('runs down.sql, then has Prisma resolve it; undo deploys again', async () => {
    await thereAndBack(runner(binding), 'two');
    expect(readFileSync(here.path('calls'), 'utf8').trim().split('\n')).toEqual([`migrate resolve --rolled-back ${names[2]}`, `migrate resolve --rolled-back ${names[1]}`, 'migrate deploy']);
  });

  it('killed between the two, it is resolved without a second down.sql', async () => {
    write({ 'prisma-program': '#!/bin/sh\nexit 9\n' });
    await expect(runner(binding).execute('data', step)).rejects.toMatchObject({ code: 'command-failed' });
    expect([await tables(), await runner(binding).state('data', step)]).toEqual([['one', 'two'], 'not-applied']);
    write({ 'prisma-program': FAKE_PRISMA });
    await runner(binding).execute('data', step);
    expect([await tables(), await runner(binding).state('data', step)]).toEqual([['one', 'two'], 'applied']);
  });

  it('without a down.sql nothing is noted', async () => {
    rmSync(here.path(`prisma/migrations/${names[2]}/down.sql`));
    await expect(runner(binding).execute('data', step)).rejects.toThrow('so it cannot be reversed');
    expect(await runner(binding).state('data', step)).toBe('not-applied');
  });
});

it('any other tool is asked by its own commands', async () => {
  write({ 'tool.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
const [, , way, name] = process.argv;
const names = readFileSync('applied', 'utf8').split('\\n').filter(Boolean);
if (way === 'status') console.log(['one', 'two', 'three'].map((other) => (names.includes(other) ? '[x] ' : '[ ] ') + other).join('\\n'));
else writeFileSync('applied', (way === 'up' ? [...names, name] : names.filter((other) => other !== name)).join('\\n'));\n`, applied: 'one\ntwo\nthree' });
  const call = (way: string, ...args: string[]): string[] => [process.execPath, 'tool.mjs', way, ...args];
  const run = runner({ tool: 'command', status: call('status'), down: call('down', '${migration}'), up: call('up', '${migration}') });
  const captured = await run.capture('data', { database: 'shop-db', migration: 'two' });
  await run.execute('data', { database: 'shop-db', migration: 'two' });
  expect(readFileSync(here.path('applied'), 'utf8')).toBe('one');
  await run.undo('data', { database: 'shop-db', migration: 'two' }, captured);
  expect(readFileSync(here.path('applied'), 'utf8')).toBe('one\ntwo\nthree');
});
