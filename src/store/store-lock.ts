import { hostname } from 'node:os';
import Database from 'better-sqlite3';
import { BelayError } from '../fault/belay-error.js';
import { toStoreFault } from './store-fault.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: number;
}

/**
 * One daemon per store file. The lock is an open write transaction on a small sibling database (`belay.db-lock`): the
 * operating system ends it with the process, kill -9 included, and outside readers of the store itself are not
 * disturbed. Its one row names the holder, and stays readable for whoever is refused.
 */
export class StoreLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Throws `store-locked`, naming the holder, when another daemon has the file; `store-unavailable` when it cannot be written. */
  static acquire(storePath: string, now: number): StoreLock {
    const lockPath = `${storePath}-lock`;
    let database: Database.Database | undefined;
    try {
      database = new Database(lockPath, { timeout: 0 });
      database.exec('begin immediate; create table if not exists holder (id integer primary key check (id = 1), pid integer, host text, since integer)');
      database.prepare('insert or replace into holder values (1, ?, ?, ?)').run(process.pid, hostname(), now);
      // The row must be committed for others to read. Whoever slips in between the two statements has the lock, and this one is refused.
      database.exec('commit; begin immediate');
      return new StoreLock(database);
    } catch (error) {
      const fault = isBusy(error) && database !== undefined ? lockedBy(readHolder(database), storePath) : toStoreFault(error, lockPath);
      database?.close();
      throw fault;
    }
  }

  release(): void {
    this.#database.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** `undefined` when the holder is only just writing its name. */
function readHolder(database: Database.Database): Holder | undefined {
  try {
    return database.prepare('select pid, host, since from holder').get() as Holder | undefined;
  } catch (error) {
    if (error instanceof Database.SqliteError) return undefined;
    throw error;
  }
}

function lockedBy(holder: Holder | undefined, path: string): BelayError {
  const who = holder === undefined ? 'Another Belay daemon' : `Another Belay daemon (process ${holder.pid} on ${holder.host}, since ${new Date(holder.since).toISOString()})`;
  return new BelayError('store-locked', `${who} uses ${path}. One daemon per store: stop that one, or give this one another file.`, {
    context: { path, ...(holder === undefined ? {} : { ...holder }) },
  });
}
