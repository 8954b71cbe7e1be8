import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { JournalEvent } from '../../src/incident/incident-event.js';

/** The journal itself: a line may be durable and its daemon dead before the log tells it. */
export function journalOf(directory: string): readonly JournalEvent[] {
  const database = new SqliteDatabase(join(directory, 'belay.db'), { readonly: true });
  try {
    const rows = database.prepare('select data from journal order by seq').all() as readonly { readonly data: string }[];
    return rows.map(({ data }) => JSON.parse(data) as JournalEvent);
  } finally {
    database.close();
  }
}
