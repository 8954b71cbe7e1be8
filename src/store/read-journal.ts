import { existsSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import { toEntry } from './sql-guard-store.js';
import { toStoreFault } from './store-fault.js';

/** Which lines: those of some types, or those of one incident. */
export type JournalPart = { readonly types: readonly JournalEvent['type'][] } | { readonly incidentId: string };

/**
 * Lines of a store that a daemon may have in use, oldest first: only read, and nothing is made or migrated. `undefined`
 * where there is no store. Throws BelayError `store-unavailable` for a file that is none.
 */
export function readJournal(path: string, part: JournalPart): readonly JournalEntry[] | undefined {
  if (!existsSync(path)) return undefined;
  const [condition, values] = 'types' in part ? [`type in (${part.types.map(() => '?').join(', ')})`, part.types] : ['incident_id = ?', [part.incidentId]];
  let database: SqliteDatabase.Database | undefined;
  try {
    database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    if (database.prepare("select 1 from sqlite_master where type = 'table' and name = 'journal'").get() === undefined) return [];
    return database.prepare<string[], { readonly seq: number; readonly data: string }>(`select seq, data from journal where ${condition} order by seq`).all(...values).map(toEntry);
  } catch (error) {
    throw toStoreFault(error, path);
  } finally {
    database?.close();
  }
}
