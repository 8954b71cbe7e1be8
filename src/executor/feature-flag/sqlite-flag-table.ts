import Database, { SqliteError } from 'better-sqlite3';
import { setTimeout as waitMs } from 'node:timers/promises';
import { BelayError, errorText } from '../../fault/belay-error.js';
import type { FlagRow, FlagStatements, FlagTable } from './flag-table.js';

const BUSY_RETRY_MS = 50;

/** A flag table in a SQLite file, which is opened for each question: it may be replaced at any time. */
export function openSqlite(path: string, statements: FlagStatements): FlagTable {
  return {
    select: (row, signal) =>
      withDatabase(path, signal, (database) => database.prepare<[FlagRow], { value: unknown }>(statements.select).all(row).map(({ value }) => value)),
    updateOne: (row, value, signal) =>
      withDatabase(path, signal, (database) =>
        database
          .transaction(() => {
            const rows = database.prepare<[FlagRow]>(statements.select).all(row).length;
            if (rows === 1) database.prepare(statements.update).run({ ...row, value: typeof value === 'boolean' ? Number(value) : value });
            return rows;
          })
          .immediate(),
      ),
  };
}

async function withDatabase<T>(path: string, signal: AbortSignal, work: (database: Database.Database) => T): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return once(path, work);
    } catch (error) {
      if (!(error instanceof SqliteError) || !error.code.startsWith('SQLITE_BUSY')) {
        throw new BelayError('provider-refused', `${path}: ${errorText(error)}`, { cause: error });
      }
      // Another program writes. Waiting inside SQLite would hold up everything else here, so the wait is ours.
      await waitMs(BUSY_RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function once<T>(path: string, work: (database: Database.Database) => T): T {
  const database = new Database(path, { fileMustExist: true, timeout: 0 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}
