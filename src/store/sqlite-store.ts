import { existsSync, realpathSync } from 'node:fs';
import type { GuardStore } from '../guard/guard-store.js';
import type { ReceivedAlertStore } from '../guard/received-alert-store.js';
import type { Outbox } from '../notify/outbox.js';
import type { RetentionStore } from '../retention/retention-store.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import type { AppendListener } from './sql-guard-store.js';
import { SqlGuardStore } from './sql-guard-store.js';
import { SqlOutbox } from './sql-outbox.js';
import { SqlReceivedAlerts } from './sql-received-alerts.js';
import { SqlRetention } from './sql-retention.js';
import { StoreConnection } from './store-connection.js';
import { StoreLock } from './store-lock.js';
import { storeSize, type StoreSize } from './store-size.js';

export interface SqliteStoreOptions {
  /** Absolute; the file is made when it is not there, its folder is not. */
  readonly path: string;
  readonly clock: Clock;
  readonly redactor: Redactor;
}

/** A store in one SQLite file, held by one daemon. */
export interface SqliteStore {
  readonly guard: GuardStore;
  readonly outbox: Outbox;
  readonly received: ReceivedAlertStore;
  readonly retention: RetentionStore;
  size(): Promise<StoreSize>;
  /** Calls `listener` with every appended batch, in the order of the journal, once it is durable. Returns how to stop. */
  onAppended(listener: AppendListener): () => void;
  /** Finishes the writes that are under way and gives the file free. */
  close(): Promise<void>;
}

/**
 * Opens the file, makes or migrates its tables and holds it against other daemons. Rejects with `store-locked` or
 * `store-unavailable`; a file that cannot be used is left as it is.
 */
export async function openSqliteStore({ path, clock, redactor }: SqliteStoreOptions): Promise<SqliteStore> {
  // Two names of one file must meet at the same lock.
  const realPath = existsSync(path) ? realpathSync(path) : path;
  const lock = StoreLock.acquire(realPath, clock.now());
  let connection: StoreConnection;
  try {
    connection = StoreConnection.open(realPath, clock.now());
  } catch (error) {
    lock.release();
    throw error;
  }
  const guard = new SqlGuardStore(connection, redactor);
  return Promise.resolve({
    guard,
    outbox: new SqlOutbox(connection, redactor),
    received: new SqlReceivedAlerts(connection, redactor),
    retention: new SqlRetention(connection),
    size: () => storeSize(connection, realPath),
    onAppended: (listener) => guard.onAppended(listener),
    async close() {
      await connection.close();
      lock.release();
    },
  });
}
