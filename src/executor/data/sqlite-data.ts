import Database, { SqliteError } from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { chmod, chown, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { z } from 'zod';
import { BelayError, errorText } from '../../fault/belay-error.js';
import { filePath } from '../calls/command-line.js';
import { oneAtATime } from '../calls/one-at-a-time.js';
import type { Effort, StateChange } from '../state-executor.js';
import { ageText, checkAge } from './backup/backup-age.js';
import { manifestBeside } from './backup/backup-manifest.js';
import { backupsSchema, findBackup } from './backup/backup-place.js';
import { proveContent } from './backup/proved-content.js';
import { dataCheckSchema, holdCheck, type DataCheck } from './data-check.js';
import type { DataRequest, DataSurroundings } from './data-request.js';
import { readMark, syncDirectory, writeMark, type RestoreMark } from './mark-file.js';
import { instantInName, shortHash } from './run-identity.js';
import { sqliteContent } from './sqlite-content.js';

export const sqliteBinding = z.strictObject({
  type: z.literal('sqlite'),
  file: filePath.describe('The living database.'),
  backups: backupsSchema.describe('Files of SQLite.'),
  checks: z.array(dataCheckSchema).default([]).describe('Asked of the backup before it is used.'),
});
type SqliteBinding = z.infer<typeof sqliteBinding>;

const HEADER = 'SQLite format 3\0';
const SIDE_FILES = ['-wal', '-shm', '-journal'];
const BUSY_RETRY_MS = 50;
const MOST_PAGES = 0x7fffffff;

interface Backup {
  readonly path: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly words: string;
}

/**
 * A SQLite database: the backup is copied beside the living file, checked there, and written into the living one by
 * SQLite's own backup, which respects the locks and the write-ahead log of programs that have it open. What was there is
 * kept beside it.
 */
export function sqliteData(binding: SqliteBinding, surroundings: DataSurroundings, { parameters, run, rpoMs }: DataRequest): StateChange {
  const { snapshotId } = parameters;
  if (snapshotId === undefined) throw new BelayError('parameter-invalid', `${parameters.database} is a SQLite file, which takes snapshotId`);
  const { directory: base, clock } = surroundings;
  const live = resolve(base, binding.file);
  const hash = shortHash(run, snapshotId);
  const staging = join(dirname(live), `.${basename(live)}.restoring-${hash}`);
  const markPath = join(dirname(live), `.${basename(live)}.belay.json`);
  const subject = `database ${binding.file}`;
  const wanted = `restored from ${snapshotId}`;
  const verify = (effort: Effort): Promise<Backup> => verifySqliteBackup(binding, surroundings, snapshotId, rpoMs, effort);
  const ours = async (): Promise<RestoreMark | undefined> => {
    const mark = await readMark(markPath);
    return mark?.run === run && mark.snapshot === snapshotId ? mark : undefined;
  };
  const besides = (what: string): string => `${live}.${what}-${instantInName(clock.now())}-${hash}`;
  return {
    subject,
    wanted,
    ready: async (effort) => (await verify(effort)).words,
    read: async () => ((await ours())?.phase === 'done' ? { state: 'applied', actual: wanted } : { state: 'not-applied', actual: 'as it is' }),
    async apply(effort) {
      const { signal } = effort;
      await oneAtATime(live, signal, async () => {
        const { path, rows } = await verify(effort);
        try {
          await rm(staging, { force: true });
          await copyFile(path, staging);
          examine(staging, binding.checks, rows);
          const content = await sqliteContent(staging, signal);
          // What an earlier attempt has kept is older than what it may have left half done.
          let kept = (await ours())?.kept ?? undefined;
          if (kept === undefined) {
            kept = besides('before');
            await keep(live, kept, signal);
            await writeMark(markPath, { run, snapshot: snapshotId, kept, phase: 'ready' });
          }
          await putInPlace(staging, live, signal);
          await writeMark(markPath, { run, snapshot: snapshotId, kept, phase: 'done', content });
        } finally {
          for (const ending of ['', ...SIDE_FILES]) await rm(`${staging}${ending}`, { force: true });
        }
      });
    },
    capture: () => Promise.resolve({ run, snapshotId }),
    restoring: () => ({
      subject,
      wanted: 'as it was before',
      async mustBeUntouched(signal) {
        const mark = await ours();
        const copy = `${staging}-looked-at`;
        try {
          await rm(copy, { force: true });
          await copyAside(live, copy, signal);
          await holdContent(copy, mark, signal);
        } finally {
          await rm(copy, { force: true });
        }
      },
      async read() {
        const phase = (await ours())?.phase;
        return phase === undefined || phase === 'undone' ? { state: 'applied', actual: 'as it was before' } : { state: 'not-applied', actual: wanted };
      },
      async apply({ signal }) {
        await oneAtATime(live, signal, async () => {
          const mark = await ours();
          if (mark?.kept === undefined || mark.kept === null || !(await exists(mark.kept))) throw new BelayError('undo-impossible', `what was kept of ${binding.file} is no longer there`);
          const undone = besides('undone');
          await keep(live, undone, signal);
          await holdContent(undone, mark, signal).catch(async (error: unknown) => {
            await rm(undone, { force: true });
            throw error;
          });
          // From here on, what is there may be the one or the other.
          await writeMark(markPath, { ...mark, phase: 'undoing' });
          await putInPlace(mark.kept, live, signal);
          await writeMark(markPath, { ...mark, phase: 'undone' });
        });
      },
    }),
  };

  /** Throws `state-drifted` where a copy of the living database is not what the rollback has put there. */
  async function holdContent(copy: string, mark: RestoreMark | undefined, signal: AbortSignal): Promise<void> {
    if (mark?.phase !== 'done' || mark.content === undefined || (await sqliteContent(copy, signal)) === mark.content) return;
    throw new BelayError('state-drifted', `${subject}: somebody has written to it since it was ${wanted}, which would be lost; what was there before is kept in ${basename(mark.kept ?? '')}`);
  }
}

/** Judges a backup of a SQLite file without changing anything. Throws `backup-unfit`. */
export async function verifySqliteBackup({ file, backups }: SqliteBinding, { directory, clock }: DataSurroundings, id: string, rpoMs: number | undefined, { signal, attemptId }: Effort): Promise<Backup> {
  const path = await findBackup(backups, id, directory, { signal, attemptId });
  const shown = `backup ${id}`;
  if (!(await hasHeader(path))) throw new BelayError('backup-unfit', `${shown} is no SQLite database`);
  const manifest = await manifestBeside(path);
  const wanted = backups.database ?? basename(file);
  if (manifest.database !== undefined && manifest.database !== wanted) throw new BelayError('backup-unfit', `${shown} is of the database ${manifest.database}, not of ${wanted}`);
  // A SQLite file does not say when it was made.
  const madeAt = manifest.madeAt === undefined ? (await stat(path)).mtimeMs : Date.parse(manifest.madeAt);
  const now = clock.now();
  checkAge(shown, madeAt, now, backups.maxAge ?? rpoMs);
  const isProved = await proveContent(path, backups, manifest, signal);
  return { path, rows: manifest.rows ?? {}, words: `${shown} is verified: ${ageText(now - madeAt)} old${isProved ? ', its checksum is right' : ''}` };
}

/** Restores a backup into a file of its own and looks at it as a restore does; what is in use is not touched. Throws `data-unsound`. */
export async function rehearseSqlite({ checks }: SqliteBinding, { path, rows }: Backup, directory: string): Promise<void> {
  const copy = join(directory, 'restored.db');
  await copyFile(path, copy);
  examine(copy, checks, rows);
}

/** SQLite's own checks, row counts and the declared checks. Throws `data-unsound`. */
function examine(path: string, checks: readonly DataCheck[], rows: Readonly<Record<string, number>>): void {
  const database = new Database(path, { fileMustExist: true });
  try {
    const integrity = database.pragma('integrity_check(1)', { simple: true });
    if (integrity !== 'ok') throw new BelayError('data-unsound', `the backup is damaged: ${String(integrity)}`);
    const [orphan] = database.pragma('foreign_key_check') as { table: string; parent: string }[];
    if (orphan !== undefined) throw new BelayError('data-unsound', `rows of ${orphan.table} refer to rows of ${orphan.parent} that the backup does not have`);
    database.pragma('query_only = ON');
    for (const [table, expected] of Object.entries(rows)) {
      const actual = database.prepare<[], { n: number }>(`SELECT count(*) AS n FROM "${table.replaceAll('"', '""')}"`).get()?.n;
      if (actual !== expected) throw new BelayError('data-unsound', `${table} has ${actual ?? 'no'} rows in the backup, and its manifest says ${expected}`);
    }
    for (const check of checks) holdCheck(check, database.prepare<[], unknown[]>(check.sql).raw().get()?.[0]);
  } catch (error) {
    if (error instanceof BelayError) throw error;
    throw new BelayError('data-unsound', `the backup could not be checked: ${errorText(error)}`, { cause: error });
  } finally {
    database.close();
  }
}

/** A whole copy of the living database, its write-ahead log included; of one that SQLite cannot read any more, its bytes. */
async function keep(live: string, kept: string, signal: AbortSignal): Promise<void> {
  if (!(await exists(live))) throw new BelayError('provider-refused', `${live} does not exist`);
  const temporary = `${kept}.tmp`;
  await rm(temporary, { force: true });
  await copyAside(live, temporary, signal);
  await syncFile(temporary);
  await rename(temporary, kept);
  await syncDirectory(dirname(kept));
}

async function copyAside(live: string, copy: string, signal: AbortSignal): Promise<void> {
  try {
    await writeInto(live, copy, signal);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    await copyFile(live, copy);
  }
}

/** Where one of the two is so damaged that SQLite does not take it for a database, the file is replaced as a whole. */
async function putInPlace(from: string, live: string, signal: AbortSignal): Promise<void> {
  try {
    await writeInto(from, live, signal);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    const temporary = `${live}.${randomUUID()}.tmp`;
    const { mode, uid, gid } = await stat(live);
    await copyFile(from, temporary);
    await chmod(temporary, mode & 0o7777);
    if (process.getuid?.() === 0) await chown(temporary, uid, gid);
    await syncFile(temporary);
    // What belonged to the damaged file would be taken for the new one's.
    for (const ending of SIDE_FILES) await rm(`${live}${ending}`, { force: true });
    await rename(temporary, live);
    await syncDirectory(dirname(live));
  }
}

/** Makes one database a copy of another, in one transaction of SQLite; waits while others hold it. */
async function writeInto(from: string, to: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const source = new Database(from, { fileMustExist: true, timeout: 0 });
    try {
      if (source.pragma('page_count', { simple: true }) === 0) {
        await copyFile(from, to);
        return;
      }
      // All pages at once: in pieces, others could write in between, and it would begin again and again.
      const progress = (): number => {
        signal.throwIfAborted();
        return MOST_PAGES;
      };
      const { totalPages } = await source.backup(to, { progress });
      // Where another program holds the file, the copy ends at once without a page and without an error.
      if (totalPages > 0) return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SqliteError && /^SQLITE_(?:BUSY|LOCKED)/.test(error.code))) throw isDamaged(error) ? error : new BelayError('provider-refused', `${basename(to)}: ${errorText(error)}`, { cause: error });
    } finally {
      source.close();
    }
    await waitMs(BUSY_RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isDamaged(error: unknown): boolean {
  return error instanceof SqliteError && /^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code);
}

async function hasHeader(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0);
    return buffer.toString('latin1') === HEADER;
  } finally {
    await file.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
