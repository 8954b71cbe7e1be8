import SqliteDatabase from 'better-sqlite3';
import type { JournalEntry } from '../incident/incident-event.js';
import { toEntry } from './sql-guard-store.js';
import { toStoreFault } from './store-fault.js';

/** The journal of one incident, read beside a daemon that holds the file; empty where there is no such incident. Rejects nothing open. */
export function readIncident(path: string, incidentId: string): readonly JournalEntry[] {
  let database: SqliteDatabase.Database | undefined;
  try {
    database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    const rows = database.prepare<[string], { readonly seq: number; readonly data: string }>('select seq, data from journal where incident_id = ? order by seq').all(incidentId);
    return rows.map(toEntry);
  } catch (error) {
    throw toStoreFault(error, path);
  } finally {
    database?.close();
  }
}
