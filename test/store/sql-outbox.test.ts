import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Redactor } from '../../src/secret/redactor.js';
import type { SqliteStore } from '../../src/store/sqlite-store.js';
import { openSqliteStore } from '../../src/store/sqlite-store.js';
import { FakeClock } from '../support/fake-clock.js';
import { describeOutbox } from '../support/outbox-contract.js';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'belay-outbox-'));
  cleanUps.push(() => rm(folder, { recursive: true }));
  return join(folder, 'belay.db');
}
const open = (path: string): Promise<SqliteStore> => openSqliteStore({ path, clock: new FakeClock(), redactor: new Redactor() });

describeOutbox('SQLite', async () => {
  const store = await open(await newPath());
  cleanUps.push(() => store.close());
  return store.outbox;
});

test('waiting messages, attempts, threads and the cursor survive a restart', async () => {
  const path = await newPath();
  const first = await open(path);
  const message = { kind: 'firing', tone: 'bad', incidentId: 'i1', dryRun: false, title: 'checkout fires', text: '', facts: [] } as const;
  await first.outbox.enqueueUpTo(7, [{ channel: 'email', message, recipients: ['ana@example.com'], createdAt: 5 }]);
  const [item] = await first.outbox.waiting('email', 1);
  await first.outbox.markFailed(item!.id, 6, 'refused', 90);
  await first.outbox.saveThread('email', 'i1', { messageId: '<a@b>' });
  await first.close();

  const second = await open(path);
  cleanUps.push(() => second.close());
  expect(await second.outbox.cursor()).toBe(7);
  expect(await second.outbox.nextDueAt('email')).toBe(90);
  expect(await second.outbox.waiting('email', 1)).toEqual([{ ...item, attempts: 1, nextAttemptAt: 90 }]);
  expect(await second.outbox.thread('email', 'i1')).toEqual({ messageId: '<a@b>' });
});
