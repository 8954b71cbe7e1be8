import { existsSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import type { JournalEvent } from '../incident/incident-event.js';
import { toStoreFault } from './store-fault.js';
import { parseTagged } from './tagged-json.js';

/**
 * Some events of a store that a daemon may have in use: only read, and nothing is made or migrated. `undefined` where there
 * is no store. Rejects with BelayError `store-unavailable` for a file that is none.
 */
export function readJournal(path: string, types: readonly JournalEvent['type'][]): readonly JournalEvent[] | undefined {
  if (!existsSync(path)) return undefined;
  let database: SqliteDatabase.Database | undefined;
  try {
    database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    if (database.prepare("select 1 from sqlite_master where type = 'table' and name = 'journal'").get() === undefined) return [];
    const rows = database.prepare<string[], { data: string }>(`select data from journal where type in (${types.map(() => '?').join(', ')}) order by seq`).all(...types);
    return rows.map(({ data }) => parseTagged(data) as JournalEvent);
  } catch (error) {
    throw toStoreFault(error, path);
  } finally {
    database?.close();
  }
}
