import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JournalEntry, JournalEvent } from '../../src/incident/incident-event.js';
import { Redactor } from '../../src/secret/redactor.js';
import type { SqliteStore } from '../../src/store/sqlite-store.js';
import { openSqliteStore } from '../../src/store/sqlite-store.js';
import { FakeClock } from '../support/fake-clock.js';
import { alert, guardStoreContract, incidentOpened } from '../support/guard-store-contract.js';
import type { StoreProcess } from '../support/spawn-store-process.js';
import { spawnStoreProcess } from '../support/spawn-store-process.js';

let folder: string;
let path: string;
let redactor: Redactor;
const stores: SqliteStore[] = [];
const children: StoreProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belay-store-'));
  path = join(folder, 'belay.db');
  redactor = new Redactor();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const child of children.splice(0)) await child.kill();
  await rm(folder, { recursive: true });
});

async function open(at = path): Promise<SqliteStore> {
  const store = await openSqliteStore({ path: at, clock: new FakeClock(), redactor });
  stores.push(store);
  return store;
}
async function close(store: SqliteStore): Promise<void> {
  stores.splice(stores.indexOf(store), 1);
  await store.close();
}
async function spawnChild(): Promise<StoreProcess> {
  const child = await spawnStoreProcess(path);
  children.push(child);
  return child;
}
const stopped = (reason: string): JournalEvent => ({ type: 'daemon-stopped', at: 1, reason });

guardStoreContract(async () => {
  const store = await open();
  return { guard: store.guard, close: () => close(store) };
});

test('a new store is for its own user only, as are the files beside it, and one that is there keeps its rights', async () => {
  const store = await open();
  await store.guard.append([stopped('to have a log')]);
  for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o777, file).toBe(0o600);
  await close(store);
  await chmod(path, 0o640);
  await close(await open());
  expect((await stat(path)).mode & 0o777).toBe(0o640);
});

describe('what was written stays', () => {
  test('over a restart', async () => {
    const first = await open();
    await first.guard.append([incidentOpened('i1', 'checkout', 1)]);
    await first.guard.saveAlerts([alert('a', { lastValue: { at: 1, value: NaN } })]);
    await first.guard.saveValue('name', 'value');
    await close(first);
    const second = await open();
    expect(await second.guard.entriesAfter(0, 10)).toEqual([{ seq: 1, event: incidentOpened('i1', 'checkout', 1) }]);
    expect(await second.guard.loadAlerts()).toEqual([alert('a', { lastValue: { at: 1, value: NaN } })]);
    expect(await second.guard.loadValue('name')).toBe('value');
  });

  test('over kill -9 at any moment: every acknowledged event is there, in order, without a gap', async () => {
    let acknowledged = 0;
    for (const runLength of [1, 40, 173]) {
      const child = await spawnChild();
      expect(child.opened).toEqual({ ready: true });
      await child.start('loop', runLength);
      await child.kill();
      const seqs = child.answers.map(({ seq }) => seq as number);
      expect(seqs.length).toBeGreaterThanOrEqual(runLength);
      acknowledged = seqs.at(-1) as number;

      const store = await open();
      const kept = (await store.guard.entriesAfter(0, 100_000)).map(({ seq }) => seq);
      expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => index + 1));
      expect(kept.length).toBeGreaterThanOrEqual(acknowledged);
      // Two events make one append, and no append is there by half.
      expect(kept.length % 2).toBe(0);
      await close(store);
    }
  });

  test('and listeners hear of it in the order of the journal, once it is durable', async () => {
    const store = await open();
    const heard: JournalEntry[] = [];
    const stop = store.onAppended((entries) => heard.push(...entries));
    await Promise.all([store.guard.append([stopped('a'), stopped('b')]), store.guard.append([stopped('c')])]);
    expect(heard).toEqual(await store.guard.entriesAfter(0, 10));
    stop();
    await store.guard.append([stopped('d')]);
    expect(heard).toHaveLength(3);
  });
});

describe('one daemon per file', () => {
  test('a second one is refused by name while the first lives, and let in after kill -9', async () => {
    const child = await spawnChild();
    await child.ask('append 10');
    const alias = join(folder, 'alias.db');
    await symlink(path, alias);
    for (const name of [path, alias]) {
      const refusal = await open(name).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'store-locked', context: { pid: child.pid } });
      expect(String(refusal)).toContain(`process ${child.pid} on `);
    }
    expect(await child.ask('append 10')).toEqual({ seq: 2 });
    await child.kill();
    expect(await (await open()).guard.lastSeq()).toBe(2);
  });

  test('within one process too, until it is closed', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'store-locked' });
    await first.guard.append([stopped('still usable')]);
    await close(first);
    await open();
  });

  test('while others may read the file', async () => {
    const store = await open();
    await store.guard.append([stopped('read me')]);
    const reader = new Database(path, { readonly: true });
    expect(reader.prepare("select type, data ->> 'reason' as reason from journal").all()).toEqual([{ type: 'daemon-stopped', reason: 'read me' }]);
    await store.guard.append([stopped('written while it is open')]);
    expect(reader.prepare('select count(*) as count from journal').get()).toEqual({ count: 2 });
    reader.close();
  });
});

describe('a file that cannot be used is refused and left as it is', () => {
  async function expectRefusal(words: RegExp): Promise<void> {
    const before = await readFile(path);
    const refusal = await open().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'store-unavailable' });
    expect(String(refusal)).toMatch(words);
    expect(String(refusal)).toContain(path);
    expect(await readFile(path)).toEqual(before);
  }
  async function fill(): Promise<void> {
    const store = await open();
    await store.guard.append(Array.from({ length: 200 }, () => stopped('x'.repeat(500))));
    await close(store);
  }

  test('text', async () => {
    await writeFile(path, 'environment: production\n'.repeat(50));
    await expectRefusal(/not a SQLite database.*move it away/s);
  });

  test('cut short', async () => {
    await fill();
    await truncate(path, Math.floor((await stat(path)).size / 8192) * 4096);
    await expectRefusal(/damaged.*put a copy back/s);
  });

  test('overwritten in the middle', async () => {
    await fill();
    const bytes = await readFile(path);
    bytes.fill(0x5a, 4096, 3 * 4096);
    await writeFile(path, bytes);
    await expectRefusal(/damaged/);
  });

  test("another program's database", async () => {
    const other = new Database(path);
    other.exec('create table users (id integer)');
    other.close();
    await expectRefusal(/another program/);
  });

  test('written by a newer Belay, or by one with other migrations', async () => {
    await fill();
    const change = (sql: string): void => {
      const database = new Database(path);
      database.exec(sql);
      database.close();
    };
    change("update schema_migration set checksum = 'other' where version = 1");
    await expectRefusal(/0001-journal-and-outbox\.sql differs/);
    change("insert into schema_migration values (9001, '9001-later.sql', 'x', 1)");
    await expectRefusal(/newer Belay \(9001-later\.sql\)/);
  });

  test('a folder that cannot be written to, or is not there', async () => {
    // Nobody may make files in /proc, not even root, whom permissions do not stop.
    for (const where of ['/proc/belay.db', join(folder, 'missing', 'belay.db')]) {
      const refusal = await open(where).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'store-unavailable' });
      expect(String(refusal)).toMatch(/must exist.*able to write/s);
    }
  });
});

test('a write that the disk refuses rejects the append, and the store goes on once there is room', async () => {
  const child = await spawnChild();
  expect(await child.ask('append 10')).toEqual({ seq: 1 });
  const limitFileSize = (limit: string): unknown => execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${limit}`]);
  limitFileSize('16384:unlimited');
  expect(await child.ask('append 100000')).toMatchObject({ code: 'store-unavailable', message: expect.stringMatching(/nothing of this was kept/) as string });
  expect(await child.ask('append 100000')).toMatchObject({ code: 'store-unavailable' });
  expect(await child.ask('last')).toEqual({ seq: 1 });
  limitFileSize('unlimited');
  expect(await child.ask('append 100000')).toEqual({ seq: 2 });
});

test("an outside program's write transaction is an error that passes", async () => {
  const store = await open();
  const outside = new Database(path);
  outside.exec('begin immediate');
  let longestStandstillMs = 0;
  let lastAt = performance.now();
  const heart = setInterval(() => {
    longestStandstillMs = Math.max(longestStandstillMs, performance.now() - lastAt);
    lastAt = performance.now();
  }, 10);
  await expect(store.guard.append([stopped('a')])).rejects.toThrow(/Another program holds a write transaction/);
  clearInterval(heart);
  // Meanwhile the process goes on: its health endpoint answers, and its rollbacks end in time.
  expect(longestStandstillMs).toBeLessThan(500);
  outside.exec('rollback');
  outside.close();
  expect(await store.guard.append([stopped('b')])).toEqual([{ seq: 1, event: stopped('b') }]);
});

test('no secret reaches the file, and the journal can still be searched when a name equals one', async () => {
  redactor.add('hunter2-password');
  redactor.add('checkout');
  const store = await open();
  await store.guard.append([
    incidentOpened('i1', 'checkout', 1),
    { type: 'rollback-ended', executionId: 'e1', incidentId: 'i1', target: 'checkout', at: 2, outcome: 'failed', error: 'login hunter2-password refused' },
  ]);
  await store.guard.saveAlerts([alert('checkout-fingerprint', { lastSample: { kind: 'error', at: 1, reason: 'http-status', message: 'http://x:hunter2-password@y' } })]);
  const message = { kind: 'firing', tone: 'bad', dryRun: false, title: 'hunter2-password', text: '', facts: [['query', 'hunter2-password']] } as const;
  await store.outbox.enqueue([{ channel: 'slack', message, recipients: [], createdAt: 1 }]);
  const [item] = await store.outbox.waiting('slack', 1);
  await store.outbox.markFailed(item!.id, 1, 'hunter2-password', 2);
  expect(await store.guard.incidents({ target: 'checkout', limit: 1 })).toEqual(['i1']);
  expect((await store.guard.loadAlerts())[0]?.fingerprint).toBe('checkout-fingerprint');
  expect((await store.guard.entriesOfExecution('e1'))[0]?.event).toMatchObject({ error: 'login [redacted] refused', target: 'checkout' });
  await close(store);
  expect((await readFile(path)).includes('hunter2-password')).toBe(false);
});
