import { closeSync, openSync } from 'node:fs';
import { setTimeout as waitMs } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { CompiledQuery, Kysely, SqliteDialect, SqliteDriver } from 'kysely';
import type { DatabaseConnection, Driver, Transaction } from 'kysely';
import { chainOldLines } from './journal-chain.js';
import { migrate } from './migrate.js';
import { damagedStore, isBusy, toStoreFault } from './store-fault.js';
import type { Tables } from './tables.js';

/** How long the opening waits for an outside program's transaction; the process stands still meanwhile. */
const OPEN_BUSY_TIMEOUT_MS = 1_000;
/** A write waits for about as long in pieces, between which the process goes on. */
const BUSY_TIMEOUT_MS = 5;
const BUSY_TRIES = 20;
const BUSY_PAUSE_MS = 50;

/** The one connection to the store file. What goes wrong in it comes out as `store-unavailable`. */
export class StoreConnection {
  readonly #path: string;
  readonly #kysely: Kysely<Tables>;
  #lastWrite: Promise<unknown> = Promise.resolve();

  private constructor(path: string, database: Database) {
    this.#path = path;
    this.#kysely = new Kysely<Tables>({ dialect: new StoreDialect(database) });
  }

  /** Opens, checks and migrates. A file that is damaged or not Belay's is refused and left as it is. */
  static open(path: string, now: number): StoreConnection {
    let database: Database | undefined;
    try {
      makePrivate(path);
      database = new SqliteDatabase(path, { timeout: OPEN_BUSY_TIMEOUT_MS });
      const verdict = database.pragma('quick_check(1)', { simple: true });
      if (verdict !== 'ok') throw damagedStore(path, String(verdict));
      database.pragma('foreign_keys = on');
      // Nothing is written before migrate has found the file to be Belay's own, not even the journal mode.
      database.pragma('synchronous = full');
      migrate(database, path, now);
      chainOldLines(database);
      database.pragma('journal_mode = wal');
      database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
      return new StoreConnection(path, database);
    } catch (error) {
      database?.close();
      throw toStoreFault(error, path);
    }
  }

  async read<T>(work: (database: Kysely<Tables>) => Promise<T>): Promise<T> {
    try {
      return await work(this.#kysely);
    } catch (error) {
      throw toStoreFault(error, this.#path);
    }
  }

  /** One transaction, after every write that was asked for before. Resolves once it is on the disk; rejects having changed nothing. */
  write<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    const turn = this.#lastWrite.then(() => this.#whenFree(() => this.read((database) => database.transaction().execute(work))));
    this.#lastWrite = turn.catch(() => undefined);
    return turn;
  }

  async #whenFree<T>(transact: () => Promise<T>): Promise<T> {
    for (let triesLeft = BUSY_TRIES; ; triesLeft -= 1) {
      try {
        return await transact();
      } catch (error) {
        if (triesLeft <= 1 || !isBusy(error)) throw error;
        await waitMs(BUSY_PAUSE_MS);
      }
    }
  }

  /** Waits for the writes that are under way. */
  async close(): Promise<void> {
    await this.#lastWrite;
    await this.#kysely.destroy();
  }
}

/** A new file is made for this user alone; SQLite gives those beside it the same rights. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch {
    // It is there already, or cannot be made: SQLite says which.
  }
}

class StoreDialect extends SqliteDialect {
  readonly #database: Database;

  constructor(database: Database) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): Driver {
    return new StoreDriver(this.#database);
  }
}

class StoreDriver extends SqliteDriver {
  readonly #database: Database;

  constructor(database: Database) {
    super({ database });
    this.#database = database;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // The write lock is taken at once, so that waiting for an outside writer happens here and not half-way.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // After a full disk SQLite has rolled back by itself; a second time would fail and hide the first fault.
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}
