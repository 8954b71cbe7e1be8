import Database from 'better-sqlite3';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createBackupJudge } from '../../../src/executor/data/backup-judge.js';
import { createBackupRehearsal } from '../../../src/executor/data/backup-rehearsal.js';
import { databaseBindingSchema } from '../../../src/executor/data/database-bindings.js';
import { checkSchema } from '../../../src/executor/steps/check-schema.js';
import type { CheckResult } from '../../../src/source/check.js';
import { createCheckRunner } from '../../../src/source/check-runner.js';
import { systemClock } from '../../../src/time/clock.js';
import { PostgresShop, writeSum } from '../../support/postgres-shop.js';
import { ShopDatabases } from '../../support/shop-databases.js';

const here = new ShopDatabases();
const NEVER = new AbortController().signal;

/** A `backup` check as it is written, of a `databases` entry as it is written. */
async function ask(binding: Record<string, unknown>, check: Record<string, unknown> = {}): Promise<CheckResult> {
  const databases = { db: databaseBindingSchema.parse(binding) };
  const backups = createBackupJudge({ databases, directory: here.path(), clock: systemClock, recoveryPointMs: (target) => ({ strict: -1, shop: 3_600_000 })[target] });
  const runner = createCheckRunner({ sources: new Map(), clock: systemClock, backups, runCommand: () => Promise.reject(new Error('nothing else is asked')) });
  return await runner.run(checkSchema.parse({ type: 'backup', database: 'db', ...check }), NEVER);
}

describe('a dump of PostgreSQL', () => {
  const binding = (backups: object = {}): Record<string, unknown> => ({ type: 'postgres', url: here.shop.url, backups: { directory: here.path(), maxAge: '1h', ...backups } });
  const tonight = { snapshotId: 'tonight' };

  it('is OK where it can be read, is what its checksum says, is of the right database and young enough; the newest, where none is named', async () => {
    here.shop.dump(here.path('tonight.dump'));
    expect(await ask(binding(), tonight)).toMatchObject({ name: 'backup tonight of db', status: 'ok', detail: expect.stringMatching(/^backup tonight is verified: of shop\d+, \d+s old, its checksum is right$/) as string });
    expect(await ask(binding())).toMatchObject({ name: 'backup of db', status: 'ok', detail: expect.stringContaining('backup tonight.dump is verified') as string });
    expect(await ask({ type: 'migrations', tool: 'dbmate', url: here.shop.url, cwd: '.', backups: { directory: here.path(), maxAge: '1h' } })).toMatchObject({ status: 'ok' });
  });

  it('goes by the rpo of its target', async () => {
    here.shop.dump(here.path('tonight.dump'));
    const own = binding({ maxAge: undefined });
    expect(await ask(own, { ...tonight, target: 'shop' })).toMatchObject({ status: 'ok' });
    expect(await ask(own, { ...tonight, target: 'strict' })).toMatchObject({ status: 'failed', detail: expect.stringContaining('at most') as string });
    expect(await ask(own, tonight)).toMatchObject({ status: 'failed', detail: expect.stringContaining('nobody has said how old') as string });
  });

  it.each<[string, string, () => void | Promise<void>]>([
    ['is missing', 'there is no backup tonight', () => rmSync(here.path('tonight.dump'))],
    ['is truncated', 'is not what its checksum says', () => writeFileSync(here.path('tonight.dump'), readFileSync(here.path('tonight.dump')).subarray(0, -50))],
    ['cannot be read', 'cannot be read', () => { writeFileSync(here.path('tonight.dump'), readFileSync(here.path('tonight.dump')).subarray(0, 300)); writeSum(here.path('tonight.dump')); }],
    ['is of another database', 'is of the database other', async () => { (await PostgresShop.create(here.server.url, `other_${here.shop.name}`)).dump(here.path('tonight.dump')); }],
  ])('is failed where it %s', async (_what, words, make) => {
    here.shop.dump(here.path('tonight.dump'));
    await make();
    expect(await ask(binding(), tonight)).toMatchObject({ status: 'failed', detail: expect.stringContaining(words) as string });
  });

  it('cannot be told of where its name cannot be one', async () => {
    expect(await ask(binding(), { snapshotId: '../tonight' })).toMatchObject({ status: 'error', detail: expect.stringContaining('cannot be a backup') as string });
  });
});

it('a SQLite file, a directory of files and a database behind commands are judged as their steps do', async () => {
  mkdirSync(here.path('backups/monday'), { recursive: true });
  new Database(here.path('backups/live.db')).exec('CREATE TABLE t (x)').close();
  writeSum(here.path('backups/live.db'));
  writeFileSync(here.path('backups/monday/a.txt'), 'a');
  writeSum(here.path('backups/monday'));
  const backups = { directory: 'backups', maxAge: '1h' };
  expect(await ask({ type: 'sqlite', file: 'live.db', backups }, { snapshotId: 'live' })).toMatchObject({ status: 'ok' });
  expect(await ask({ type: 'files', directory: 'uploads', backups }, { snapshotId: 'monday' })).toMatchObject({ status: 'ok', detail: expect.stringContaining('1 files') as string });
  const commands = { type: 'command', restore: ['false'], verify: ['false'] };
  expect(await ask({ ...commands, checkBackup: ['echo', 'looks well:', '${snapshotId}'] }, { snapshotId: 'monday' })).toMatchObject({ status: 'ok', detail: 'looks well: monday' });
  expect(await ask({ ...commands, checkBackup: ['false'] })).toMatchObject({ status: 'failed' });
  expect(await ask(commands)).toMatchObject({ status: 'error', detail: expect.stringContaining('no checkBackup') as string });
});

describe('a backup that is rehearsed', () => {
  const rehearse = (binding: Record<string, unknown>): Promise<string | undefined> =>
    createBackupRehearsal({ databases: { db: databaseBindingSchema.parse(binding) }, directory: here.path(), clock: systemClock, recoveryPointMs: () => undefined }).rehearse({ database: 'db', executionId: 'drill-1' }, NEVER);
  const binding = (checks: readonly object[] = []): Record<string, unknown> => ({ type: 'postgres', url: here.shop.url, backups: { directory: here.path(), maxAge: '1h' }, checks });

  it('is restored into a database of its own, looked at there, and dropped again; nothing in use is touched', async () => {
    here.shop.dump(here.path('tonight.dump'));
    await here.shop.query('DELETE FROM orders WHERE id > 20');
    const names = async (): Promise<readonly string[]> => (await here.shop.databases()).map(({ name }) => name);
    expect(await rehearse(binding([{ name: 'orders', sql: 'SELECT count(*) FROM orders', expect: 200 }]))).toMatch(/^backup tonight\.dump was restored into a database of its own/);
    expect([await here.shop.count('orders'), await names()]).toEqual([20, [here.shop.name]]);
    await expect(rehearse(binding([{ name: 'orders', sql: 'SELECT count(*) FROM orders', expect: 201 }]))).rejects.toMatchObject({ code: 'data-unsound' });
    expect(await names()).toEqual([here.shop.name]);
  });

  it('of a SQLite file and of a directory of files as well; commands and migrations cannot', async () => {
    mkdirSync(here.path('backups/monday'), { recursive: true });
    writeFileSync(here.path('backups/monday/a.txt'), 'a');
    expect(await rehearse({ type: 'files', directory: 'uploads', backups: { directory: 'backups', maxAge: '1h', checksum: 'optional' } })).toMatch(/^snapshot monday was copied/);
    rmSync(here.path('backups/monday'), { recursive: true });
    const database = new Database(here.path('backups/monday.db'));
    database.exec('CREATE TABLE users (id INTEGER PRIMARY KEY)');
    database.close();
    writeSum(here.path('backups/monday.db'));
    const sqlite = (checks: readonly object[]): Record<string, unknown> => ({ type: 'sqlite', file: 'shop.db', backups: { directory: 'backups', maxAge: '1h' }, checks });
    expect(await rehearse(sqlite([]))).toMatch(/^backup monday\.db was restored into a file of its own/);
    await expect(rehearse(sqlite([{ name: 'users', sql: 'SELECT count(*) FROM users', expect: '> 0' }]))).rejects.toMatchObject({ code: 'data-unsound' });
    expect(await rehearse({ type: 'command', restore: ['true'], verify: ['true'] })).toBeUndefined();
  });
});
