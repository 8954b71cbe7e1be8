import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BelayError, errorText } from '../fault/belay-error.js';

/** What SQLite or the file system said, as a `store-unavailable` that tells what to do next. A BelayError stays as it is. */
export function toStoreFault(error: unknown, path: string): BelayError {
  if (error instanceof BelayError) return error;
  const sqliteCode = codeOf(error);
  return new BelayError('store-unavailable', `${sentenceFor(sqliteCode, path)} (${errorText(error)})`, { context: { path, sqliteCode }, cause: error });
}

/** Whether an outside program's transaction was in the way, so that nothing has begun. */
export function isBusy(error: unknown): boolean {
  return error instanceof BelayError && String(error.context['sqliteCode']).startsWith('SQLITE_BUSY');
}

export function damagedStore(path: string, detail: string): BelayError {
  return new BelayError('store-unavailable', `${damaged(path)} (${detail})`, { context: { path } });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

function sentenceFor(sqliteCode: string, path: string): string {
  if (sqliteCode.startsWith('SQLITE_NOTADB')) {
    return `${path} is not a SQLite database. It was left as it is: move it away, or name another file under "store:".`;
  }
  if (sqliteCode.startsWith('SQLITE_CORRUPT')) return damaged(path);
  if (/^SQLITE_(CANTOPEN|READONLY|PERM)/.test(sqliteCode) || !existsSync(dirname(path))) {
    return `${path} cannot be opened for writing. The folder ${dirname(path)} must exist, and Belay's user must be able to write to it and to the file.`;
  }
  if (sqliteCode.startsWith('SQLITE_FULL')) return `The disk of ${path} is full, so nothing of this was kept. Make room; no restart is needed.`;
  if (sqliteCode.startsWith('SQLITE_IOERR')) return `The disk refused to read or write ${path}, so nothing of this was kept. Look at the disk and its free space.`;
  if (sqliteCode.startsWith('SQLITE_BUSY')) return `Another program holds a write transaction on ${path} (a sqlite3 shell?). End it; nothing of this was kept.`;
  return `The store ${path} could not do this`;
}

function damaged(path: string): string {
  return `${path} is damaged. It was left as it is: put a copy back, or save what can be read (sqlite3 ${path} .recover), or move it away to begin with an empty journal.`;
}
