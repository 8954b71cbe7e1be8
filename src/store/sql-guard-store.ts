import type { Selectable } from 'kysely';
import { BelayError } from '../fault/belay-error.js';
import type { GuardStore } from '../guard/guard-store.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import type { Redactor } from '../secret/redactor.js';
import type { Alert } from '../trigger/alert.js';
import { chunks } from './chunks.js';
import { chainHead, lineHash } from './journal-chain.js';
import type { StoreConnection } from './store-connection.js';
import type { JournalTable } from './tables.js';
import { parseTagged, stringifyTagged } from './tagged-json.js';

export type AppendListener = (entries: readonly JournalEntry[]) => void;

/** The guard's journal, alerts and small values in SQL. Whatever is written passes the Redactor first. */
export class SqlGuardStore implements GuardStore {
  readonly #connection: StoreConnection;
  readonly #redactor: Redactor;
  readonly #listeners = new Set<AppendListener>();

  constructor(connection: StoreConnection, redactor: Redactor) {
    this.#connection = connection;
    this.#redactor = redactor;
  }

  /** Calls `listener` with every appended batch, in the order of the journal, once it is durable. Returns how to stop. */
  onAppended(listener: AppendListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async append(events: readonly JournalEvent[]): Promise<readonly JournalEntry[]> {
    if (events.length === 0) return [];
    const clean = events.map((event) => cleanEvent(event, this.#redactor));
    const rows = clean.map(toRow);
    const entries = await this.#connection.write(async (transaction) => {
      const numbered: JournalEntry[] = [];
      let { seq, hash } = await chainHead(transaction);
      for (const [index, row] of rows.entries()) {
        seq += 1;
        hash = lineHash(hash, { ...row, seq });
        await transaction.insertInto('journal').values({ ...row, seq, hash }).execute();
        numbered.push({ seq, event: clean[index] as JournalEvent });
      }
      return numbered;
    });
    for (const listener of this.#listeners) {
      // What a listener throws is its own fault: the events are durable and the append has succeeded.
      queueMicrotask(() => listener(entries));
    }
    return entries;
  }

  async entriesAfter(seq: number, limit: number): Promise<readonly JournalEntry[]> {
    const rows = await this.#connection.read((database) =>
      database.selectFrom('journal').select(['seq', 'data']).where('seq', '>', seq).orderBy('seq').limit(limit).execute(),
    );
    return rows.map(toEntry);
  }

  async lastSeq(): Promise<number> {
    const row = await this.#connection.read((database) =>
      database.selectFrom('journal').select(({ fn }) => fn.max('seq').as('seq')).executeTakeFirst(),
    );
    // SQL's max of no rows is null, which Kysely's types leave out.
    return (row?.seq as number | null | undefined) ?? 0;
  }

  entriesOfIncident(incidentId: string): Promise<readonly JournalEntry[]> {
    return this.#entriesWhere('incident_id', incidentId);
  }

  /** The incident's own events that name the execution (`rung-started`, `verification-…`) are among them. */
  entriesOfExecution(executionId: string): Promise<readonly JournalEntry[]> {
    return this.#entriesWhere('execution_id', executionId);
  }

  async entriesOfTypes(types: readonly JournalEvent['type'][], sinceAt: number): Promise<readonly JournalEntry[]> {
    const rows = await this.#connection.read((database) =>
      database.selectFrom('journal').select(['seq', 'data']).where('type', 'in', types).where('at', '>=', Math.floor(sinceAt)).orderBy('seq').execute(),
    );
    return rows.map(toEntry);
  }

  unfinishedExecutions(): Promise<readonly string[]> {
    return this.#startedAndNotEnded('execution_id', 'rollback-started', ['rollback-ended']);
  }

  openIncidents(): Promise<readonly string[]> {
    return this.#startedAndNotEnded('incident_id', 'incident-opened', ['incident-recovered', 'incident-closed']);
  }

  async incidents({ target, limit, beforeId }: { readonly target?: string | undefined; readonly limit: number; readonly beforeId?: string | undefined }): Promise<readonly string[]> {
    const rows = await this.#connection.read(async (database) => {
      const opened = database.selectFrom('journal').where('type', '=', 'incident-opened').where('incident_id', 'is not', null);
      let query = opened.select('incident_id as id').orderBy('seq', 'desc').limit(limit);
      if (target !== undefined) query = query.where('target', '=', target);
      if (beforeId !== undefined) {
        const before = await opened.select('seq').where('incident_id', '=', beforeId).executeTakeFirst();
        if (before === undefined) throw new BelayError('not-found', `There is no incident ${beforeId}.`, { context: { beforeId } });
        query = query.where('seq', '<', before.seq);
      }
      return query.execute();
    });
    return rows.map(({ id }) => id as string);
  }

  async saveAlerts(alerts: readonly Alert[]): Promise<void> {
    const [inactive, active] = [alerts.filter(({ state }) => state === 'inactive'), alerts.filter(({ state }) => state !== 'inactive')];
    const rows = active.map((alert) => ({ fingerprint: alert.fingerprint, data: stringifyTagged({ ...this.#redactor.data(alert), fingerprint: alert.fingerprint }) }));
    await this.#connection.write(async (transaction) => {
      for (const chunk of chunks(inactive)) {
        await transaction.deleteFrom('alert').where('fingerprint', 'in', chunk.map(({ fingerprint }) => fingerprint)).execute();
      }
      for (const chunk of chunks(rows)) {
        await transaction
          .insertInto('alert')
          .values(chunk)
          .onConflict((conflict) => conflict.column('fingerprint').doUpdateSet((eb) => ({ data: eb.ref('excluded.data') })))
          .execute();
      }
    });
  }

  async loadAlerts(): Promise<readonly Alert[]> {
    const rows = await this.#connection.read((database) => database.selectFrom('alert').select('data').orderBy('fingerprint').execute());
    return rows.map(({ data }) => parseTagged(data) as Alert);
  }

  async saveValue(name: string, value: string): Promise<void> {
    await this.#connection.write((transaction) =>
      transaction.insertInto('guard_value').values({ name, value }).onConflict((conflict) => conflict.column('name').doUpdateSet({ value })).execute(),
    );
  }

  async loadValue(name: string): Promise<string | undefined> {
    const row = await this.#connection.read((database) => database.selectFrom('guard_value').select('value').where('name', '=', name).executeTakeFirst());
    return row?.value;
  }

  async #entriesWhere(column: 'incident_id' | 'execution_id', id: string): Promise<readonly JournalEntry[]> {
    const rows = await this.#connection.read((database) =>
      database.selectFrom('journal').select(['seq', 'data']).where(column, '=', id).orderBy('seq').execute(),
    );
    return rows.map(toEntry);
  }

  async #startedAndNotEnded(column: 'incident_id' | 'execution_id', start: JournalEvent['type'], ends: readonly JournalEvent['type'][]): Promise<readonly string[]> {
    const rows = await this.#connection.read((database) =>
      database
        .selectFrom('journal as start')
        .select(`start.${column} as id`)
        .where('start.type', '=', start)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('journal as end').select('end.seq').whereRef(`end.${column}`, '=', `start.${column}`).where('end.type', 'in', ends))),
        )
        .orderBy('start.seq')
        .execute(),
    );
    return rows.flatMap(({ id }) => id ?? []);
  }
}

/** The columns that the journal is searched by. They are Belay's own names: a secret that happens to equal one must not hide the entry. */
interface Columns {
  readonly type: JournalEvent['type'];
  readonly incidentId?: string | undefined;
  readonly executionId?: string | undefined;
  readonly target?: string | undefined;
}
const columnNames: readonly string[] = ['type', 'incidentId', 'executionId', 'target'] satisfies (keyof Columns)[];

function cleanEvent(event: JournalEvent, redactor: Redactor): JournalEvent {
  const kept = Object.entries(event).filter(([name]) => columnNames.includes(name));
  return { ...redactor.data(event), ...Object.fromEntries(kept) };
}

function toRow(event: JournalEvent): Omit<Selectable<JournalTable>, 'seq' | 'hash'> {
  const { type, incidentId, executionId, target }: Columns = event;
  return {
    at: Math.floor(event.at),
    type,
    incident_id: incidentId ?? null,
    target: target ?? null,
    execution_id: executionId ?? null,
    data: stringifyTagged(event),
  };
}

export function toEntry(row: { readonly seq: number; readonly data: string }): JournalEntry {
  return { seq: row.seq, event: parseTagged(row.data) as JournalEvent };
}
