import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import { CUSTOMERS_PREFIX } from '../notify/message.js';
import { type EndedIncident, type LineHead, REMOVED_BEFORE, type RetentionStore } from '../retention/retention-store.js';
import { removeJournalLines } from './journal-gaps.js';
import { toEntry } from './sql-guard-store.js';
import type { StoreConnection } from './store-connection.js';

/** An incident is there for as long as one of these is. */
const endsOfIncident = ['incident-opened', 'incident-recovered', 'incident-closed'] as const satisfies readonly JournalEvent['type'][];

/** Removes from SQL what need not be kept any longer. */
export class SqlRetention implements RetentionStore {
  readonly #connection: StoreConnection;

  constructor(connection: StoreConnection) {
    this.#connection = connection;
  }

  async composedUpTo(): Promise<number> {
    const { seq } = await this.#connection.read((database) => database.selectFrom('outbox_cursor').select('seq').executeTakeFirstOrThrow());
    return seq;
  }

  async oldLines(types: readonly JournalEvent['type'][], before: number, afterSeq: number, limit: number): Promise<readonly JournalEntry[]> {
    const rows = await this.#connection.read((database) =>
      database.selectFrom('journal').select(['seq', 'data']).where('type', 'in', types).where('at', '<', Math.floor(before)).where('seq', '>', afterSeq).orderBy('seq').limit(limit).execute(),
    );
    return rows.map(toEntry);
  }

  async endedIncidents(before: number, afterSeq: number, limit: number): Promise<readonly EndedIncident[]> {
    const rows = await this.#connection.read((database) =>
      database
        .selectFrom('journal')
        .select(['seq', 'incident_id', 'target'])
        .where('type', 'in', ['incident-recovered', 'incident-closed'])
        .where('at', '<', Math.floor(before))
        .where('seq', '>', afterSeq)
        .orderBy('seq')
        .limit(limit)
        .execute(),
    );
    return rows.map(({ seq, incident_id, target }) => ({ id: incident_id ?? '', target: target ?? '', endSeq: seq }));
  }

  async hasIncident(incidentId: string): Promise<boolean> {
    const row = await this.#connection.read((database) =>
      database.selectFrom('journal').select('seq').where('incident_id', '=', incidentId).where('type', 'in', endsOfIncident).limit(1).executeTakeFirst(),
    );
    return row !== undefined;
  }

  async linesOfIncident(incidentId: string): Promise<readonly LineHead[]> {
    const rows = await this.#connection.read((database) => database.selectFrom('journal').select(['seq', 'type']).where('incident_id', '=', incidentId).orderBy('seq').execute());
    return rows.map(({ seq, type }) => ({ seq, type: type as JournalEvent['type'] }));
  }

  async removeLines(seqs: readonly number[], through: number, at: number): Promise<void> {
    const value = String(Math.floor(through));
    await this.#connection.write(async (transaction) => {
      await removeJournalLines(transaction, seqs, Math.floor(at));
      await transaction.insertInto('guard_value').values({ name: REMOVED_BEFORE, value }).onConflict((conflict) => conflict.column('name').doUpdateSet({ value })).execute();
    });
  }

  async removeThreads(incidentId: string): Promise<void> {
    await this.#connection.write((transaction) => transaction.deleteFrom('outbox_thread').where('incident_id', '=', incidentId).execute());
  }

  async removeSettledMessages(before: number, limit: number): Promise<number> {
    return this.#connection.write(async (transaction) => {
      const old = transaction
        .selectFrom('outbox')
        .select('position')
        .where('state', '<>', 'waiting')
        .where('settled_at', '<', Math.floor(before))
        .where(({ not, and, eb, exists, selectFrom }) => not(and([eb('channel', 'like', `${CUSTOMERS_PREFIX}%`), exists(selectFrom('journal').select('seq').whereRef('journal.incident_id', '=', 'outbox.incident_id').where('type', 'in', endsOfIncident))])))
        .limit(limit);
      const { numDeletedRows } = await transaction.deleteFrom('outbox').where('position', 'in', old).executeTakeFirst();
      return Number(numDeletedRows);
    });
  }

  async removeReceivedMessages(before: number, limit: number): Promise<number> {
    return this.#connection.write(async (transaction) => {
      const old = transaction.selectFrom('received_message').select('seq').where('received_at', '<', Math.floor(before)).limit(limit);
      const { numDeletedRows } = await transaction.deleteFrom('received_message').where('seq', 'in', old).executeTakeFirst();
      return Number(numDeletedRows);
    });
  }
}
