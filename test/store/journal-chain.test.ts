import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.js';
import { Redactor } from '../../src/secret/redactor.js';
import { JournalFile } from '../../src/store/journal-file.js';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite-store.js';
import type { ChainAnchor, ChainVerdict } from '../../src/store/verify-chain.js';
import { FakeClock } from '../support/fake-clock.js';

let folder: string;
let path: string;
let store: SqliteStore;

const pause = (at: number) => ({ type: 'paused', at, pauseId: `p${at}`, by: 'ana', reason: 'a “reason”' }) as const;

async function open(): Promise<SqliteStore> {
  return openSqliteStore({ path, clock: new FakeClock(1_000), redactor: new Redactor() });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-chain-'));
  path = join(folder, 'belay.db');
  store = await open();
  await store.guard.append([pause(1), pause(2), pause(3)]);
  await store.guard.append([pause(4), pause(5), pause(6)]);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function verify(anchor?: ChainAnchor): ChainVerdict {
  const journal = JournalFile.open(path);
  try {
    return journal.verify(anchor);
  } finally {
    journal.close();
  }
}

/** What somebody does to the file who has no business there. */
function tamper(sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

describe('the chain of the journal', () => {
  it('fits while the daemon has the store open, and goes on after a restart', async () => {
    expect(verify()).toMatchObject({ lines: 6, removed: 0, head: { seq: 6 } });
    await store.close();
    store = await open();
    await store.guard.append([pause(7)]);
    expect(verify()).toMatchObject({ lines: 7, head: { seq: 7 } });
    expect(verify().unfit).toBeUndefined();
  });

  it.each([
    ['says something else', `update journal set data = replace(data, 'ana', 'bob') where seq = 3`, 3, 'is not that of what it says'],
    ['is of another time', 'update journal set at = 99 where seq = 3', 3, 'is not that of what it says'],
    ['has taken the place of another', 'update journal set data = (select data from journal where seq = 2) where seq = 3', 3, 'is not that of what it says'],
    ['is gone', 'delete from journal where seq = 3', 3, 'line 3 is missing'],
    ['are gone at the end', 'delete from journal where seq > 4', 5, 'the lines 5 to 6 are missing at the end'],
    ['was put in', `insert into journal (seq, at, type, data) values (7, 7, 'paused', '{}')`, 7, 'has no hash'],
    ['is gone, and booked as removed without its hash', 'delete from journal where seq = 3; insert into journal_gap (first_seq, last_seq, removed_at) values (3, 3, 1)', 4, 'is not that of what it says'],
  ])('finds the line that %s', (_what, sql, seq, why) => {
    tamper(sql);
    const { unfit, lines } = verify();
    expect(unfit).toMatchObject({ seq, why: expect.stringContaining(why) as string });
    expect(lines).toBe(seq === 4 ? 2 : seq - 1);
  });

  it('holds what was noted elsewhere against a chain that was written anew', () => {
    const noted = verify().head;
    expect(verify(noted).unfit).toBeUndefined();
    tamper('update journal set hash = null; update journal set data = replace(data, \'ana\', \'bob\')');
    const rewritten = new Database(path);
    rewritten.close();
    expect(verify({ ...noted, hash: noted.hash.replaceAll(/[0-9]/g, 'a') }).unfit).toBeDefined();
    expect(verify({ seq: 99, hash: noted.hash }).unfit).toBeDefined();
  });

  it('goes on over what the retention has removed, at the beginning, in the middle and at the end', async () => {
    const noted = verify().head;
    const two = { seq: 2, hash: '' };
    const row = new Database(path, { readonly: true });
    two.hash = (row.prepare('select hash from journal where seq = 2').get() as { hash: string }).hash;
    row.close();
    await store.retention.removeLines([1, 2], 10, 10);
    await store.retention.removeLines([4], 10, 10);
    expect(verify()).toMatchObject({ lines: 3, removed: 3, head: noted });
    // Gaps that become one keep the hash of the newest line.
    await store.retention.removeLines([3], 10, 10);
    expect(verify(noted)).toMatchObject({ lines: 2, removed: 4 });
    expect(verify(two).unfit?.why).toContain('it was removed since');
    await store.retention.removeLines([5, 6], 10, 10);
    expect(verify(noted)).toEqual({ lines: 0, removed: 6, head: noted });
    await store.guard.append([pause(7)]);
    expect(verify(noted)).toMatchObject({ lines: 1, removed: 6, head: { seq: 7 } });
    tamper('update journal set at = 8 where seq = 7');
    expect(verify().unfit?.seq).toBe(7);
  });

  it('goes on, too, where more lines are removed at once than a statement takes values', async () => {
    const many = 33_000;
    await store.guard.append(Array.from({ length: many }, (_, index) => pause(7 + index)));
    await store.retention.removeLines(Array.from({ length: many }, (_, index) => 2 + index), 10, 10);
    const { unfit, ...well } = verify();
    expect(unfit).toBeUndefined();
    expect(well).toMatchObject({ lines: 6, removed: many, head: { seq: 6 + many } });
  });

  it('is made for the lines of a store that is older than it', async () => {
    await store.retention.removeLines([2], 10, 10);
    await store.close();
    tamper('update journal set hash = null; update journal_gap set last_hash = null');
    store = await open();
    expect(verify()).toMatchObject({ lines: 5, removed: 1, head: { seq: 6 } });
    expect(verify().unfit).toBeUndefined();
    tamper('update journal set at = 9 where seq = 1');
    expect(verify().unfit?.seq).toBe(1);
  });
});

describe('belay audit', () => {
  let stdout = '';
  let stderr = '';
  beforeEach(() => {
    [stdout, stderr] = ['', ''];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('verify says that all fits, or which line does not', async () => {
    expect(await main(['audit', 'verify', '--store', path])).toBe(0);
    const [, head = ''] = /^well: 6 lines fit; .*--expect (6:[0-9a-f]{64})\n$/.exec(stdout) ?? [];
    expect(await main(['audit', 'verify', '--store', path, '--expect', head])).toBe(0);
    tamper('update journal set at = 99 where seq = 3');
    stdout = '';
    expect(await main(['audit', 'verify', '--store', path, '--json'])).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, lines: 2, unfit: { seq: 3 } });
    expect(await main(['audit', 'verify', '--store', path, '--expect', 'x'])).toBe(2);
    expect(await main(['audit', 'verify', '--store', join(folder, 'nothing.db')])).toBe(1);
    expect(stderr).toContain('there is no store at');
  });

  it('export writes who did what when, a line each', async () => {
    await store.guard.append([{ type: 'incident-closed', incidentId: 'i1', target: 'checkout', at: 9_000, by: 'ben', reason: 'false alarm' }, { type: 'daemon-stopped', at: 10_000, reason: 'SIGTERM' }]);
    expect(await main(['audit', 'export', '--store', path, '--from', '1970-01-01T00:00:05Z'])).toBe(0);
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      expect.objectContaining({ seq: 7, at: '1970-01-01T00:00:09.000Z', who: 'ben', what: 'incident-closed', target: 'checkout', incidentId: 'i1', reason: 'false alarm', hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string }),
      expect.objectContaining({ seq: 8, who: 'belay', what: 'daemon-stopped', target: null, event: { type: 'daemon-stopped', at: 10_000, reason: 'SIGTERM' } }),
    ]);
    stdout = '';
    expect(await main(['audit', 'export', '--store', path, '--incident', 'i1'])).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });
});
