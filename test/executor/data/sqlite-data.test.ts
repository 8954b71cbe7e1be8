import Database from 'better-sqlite3';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeSum } from '../../support/postgres-shop.js';
import { StepRunner } from '../../support/step-runner.js';

let directory: string;
const step = { database: 'db', snapshotId: 'monday' };
const live = (): string => join(directory, 'shop.db');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-sqlite-'));
  mkdirSync(join(directory, 'backups'));
  using((database) => database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE orders (user INTEGER REFERENCES users (id));
    INSERT INTO users (name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT 'user ' || i FROM n; INSERT INTO orders SELECT id FROM users`));
  backup();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function using<T>(work: (database: Database.Database) => T, path = live()): T {
  const database = new Database(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function backup(change: (path: string) => void = () => undefined): void {
  const path = join(directory, 'backups/monday.db');
  cpSync(live(), path);
  change(path);
  writeSum(path);
}

function runner(binding: Record<string, unknown> = {}, executionId = 'rollback-1'): StepRunner {
  return new StepRunner({ directory, executionId, bindings: { databases: { db: { type: 'sqlite', file: 'shop.db', backups: { directory: 'backups', maxAge: '1h' }, ...binding } } } });
}

const users = (path = live()): number => using((database) => database.prepare<[], { n: number }>('SELECT count(*) AS n FROM users').get()?.n ?? -1, path);
const lose = (): unknown => using((database) => database.exec('DELETE FROM orders; DELETE FROM users WHERE id > 10'));
const beside = (): string[] => readdirSync(directory).filter((name) => !['backups', 'shop.db', 'shop.db-wal', 'shop.db-shm', '.shop.db.belay.json'].includes(name)).map((name) => name.replace(/\d{8}T\d{6}Z-[0-9a-f]+/, '…'));

it('a backup is written into the living file, also below a program that has it open; the old rows are kept, and undo puts them back', async () => {
  lose();
  const program = new Database(live());
  expect(program.prepare('SELECT count(*) FROM users').pluck().get()).toBe(10);
  const run = runner({ checks: [{ name: 'users', sql: 'SELECT count(*) FROM users', expect: '>= 5000' }] });
  expect(await run.ready('data', step)).toMatch(/^backup monday is verified: \d+s old, its checksum is right$/);
  const captured = await run.capture('data', step);
  await run.execute('data', step);
  expect([program.prepare('SELECT count(*) FROM users').pluck().get(), users(), await run.state('data', step), beside()]).toEqual([5_000, 5_000, 'applied', ['shop.db.before-…']]);
  expect(await runner({}, 'rollback-2').state('data', step)).toBe('not-applied');
  await run.undo('data', step, captured);
  expect([program.prepare('SELECT count(*) FROM users').pluck().get(), beside()]).toEqual([10, ['shop.db.before-…', 'shop.db.undone-…']]);
  program.close();
});

it.each<[string, string]>([['a row was added', `INSERT INTO users (name) VALUES ('late')`], ['a row was changed', `UPDATE users SET name = 'late' WHERE id = 7`], ['rows were removed', 'DELETE FROM orders WHERE user > 4990']])('undo is refused where %s since, also while the change is in the log only', async (_what, sql) => {
  const run = runner();
  const captured = await run.capture('data', step);
  await run.execute('data', step);
  const program = new Database(live());
  program.pragma('wal_autocheckpoint = 0');
  program.exec('BEGIN; SELECT * FROM users; COMMIT');
  expect((await run.describeUndo('data', step, captured)).summary).toBe('database shop.db: restored from monday → as it was before');
  program.exec(sql);
  const refusal = { code: 'state-drifted', message: expect.stringMatching(/^database shop\.db: somebody has written to it since it was restored from monday.*shop\.db\.before-/) as string };
  await expect(run.describeUndo('data', step, captured)).rejects.toMatchObject(refusal);
  await expect(run.undo('data', step, captured)).rejects.toMatchObject(refusal);
  expect(beside()).toEqual(['shop.db.before-…']);
  program.close();
});

it('waits for a writer', async () => {
  lose();
  const writer = new Database(live());
  writer.exec('BEGIN IMMEDIATE; DELETE FROM users');
  await expect(runner().execute('data', step, AbortSignal.timeout(300))).rejects.toThrow(/timeout/i);
  expect([users(), await runner().state('data', step)]).toEqual([10, 'not-applied']);
  const restoring = runner().execute('data', step);
  writer.exec('COMMIT');
  writer.close();
  await restoring;
  expect([users(), beside()]).toEqual([5_000, ['shop.db.before-…']]);
});

it('a living file that SQLite cannot read any more is kept as it is, and replaced', async () => {
  for (const ending of ['', '-wal', '-shm']) rmSync(`${live()}${ending}`, { force: true });
  writeFileSync(live(), 'SQLite format 3\0 and nothing but rubbish behind it, '.repeat(200));
  await runner().execute('data', step);
  expect([users(), beside()]).toEqual([5_000, ['shop.db.before-…']]);
});

it.each<[string, string, (path: string) => void, Record<string, unknown>?]>([
  ['damaged', 'data-unsound', (path) => { const text = Buffer.alloc(4_096, 7); using((database) => database.pragma('wal_checkpoint(TRUNCATE)'), path); overwrite(path, text, 8_192); }],
  ['no SQLite database', 'backup-unfit', (path) => writeFileSync(path, 'hello')],
  ['with rows that refer to nothing', 'data-unsound', (path) => using((database) => database.exec('PRAGMA foreign_keys = OFF; DELETE FROM users WHERE id = 7'), path)],
  ['that a check refuses', 'data-unsound', () => undefined, { checks: [{ name: 'none', sql: 'SELECT count(*) FROM users', expect: 0 }] }],
  ['that a check would change', 'data-unsound', () => undefined, { checks: [{ name: 'none', sql: 'DELETE FROM users RETURNING 1', expect: 1 }] }],
])('a backup %s is refused, and the living file is left alone', async (_what, code, change, binding = {}) => {
  backup(change);
  lose();
  await expect(runner(binding).execute('data', step)).rejects.toMatchObject({ code });
  expect([users(), beside()]).toEqual([10, []]);
});

function overwrite(path: string, bytes: Buffer, at: number): void {
  const database = new Database(path);
  const whole = database.serialize();
  database.close();
  bytes.copy(whole, at);
  for (const ending of ['-wal', '-shm']) rmSync(`${path}${ending}`, { force: true });
  writeFileSync(path, whole);
}
