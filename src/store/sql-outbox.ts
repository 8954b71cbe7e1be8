import { randomUUID } from 'node:crypto';
import type { ExpressionWrapper, ExpressionBuilder, Selectable, SqlBool, Transaction } from 'kysely';
import { BelayError } from '../fault/belay-error.js';
import type { ChannelName, Message, OutboxItem } from '../notify/message.js';
import type { NewOutboxItem, Outbox, OutboxRecord, OutboxState, ThreadReference } from '../notify/outbox.js';
import type { Redactor } from '../secret/redactor.js';
import type { StoreConnection } from './store-connection.js';
import type { OutboxTable, Tables } from './tables.js';
import { parseTagged, stringifyTagged } from './tagged-json.js';

/** Messages that wait in SQL until they have gone out. Ids are random where none is given; `position` gives the order. */
export class SqlOutbox implements Outbox {
  readonly #connection: StoreConnection;
  readonly #redactor: Redactor;

  constructor(connection: StoreConnection, redactor: Redactor) {
    this.#connection = connection;
    this.#redactor = redactor;
  }

  async enqueue(items: readonly NewOutboxItem[]): Promise<void> {
    await this.#connection.write((transaction) => this.#insert(transaction, items));
  }

  async cursor(): Promise<number> {
    const row = await this.#connection.read((database) => database.selectFrom('outbox_cursor').select('seq').executeTakeFirstOrThrow());
    return row.seq;
  }

  async enqueueUpTo(cursor: number, items: readonly NewOutboxItem[]): Promise<void> {
    await this.#connection.write(async (transaction) => {
      const moved = await transaction.updateTable('outbox_cursor').set({ seq: cursor }).where('seq', '<', cursor).executeTakeFirst();
      if (moved.numUpdatedRows === 0n) {
        throw new BelayError('conflict', `The messages up to journal line ${cursor} are in the outbox already.`, { context: { cursor } });
      }
      await this.#insert(transaction, items);
    });
  }

  async bringForward(channel: ChannelName, at: number): Promise<void> {
    await this.#connection.write((transaction) =>
      transaction.updateTable('outbox').set({ next_attempt_at: Math.floor(at) }).where('state', '=', 'waiting').where('channel', '=', channel).where('next_attempt_at', '>', Math.floor(at)).execute(),
    );
  }

  async nextDueAt(channel: ChannelName): Promise<number | undefined> {
    const row = await this.#connection.read((database) =>
      database
        .selectFrom('outbox as item')
        .select('item.next_attempt_at')
        .where('item.state', '=', 'waiting')
        .where('item.channel', '=', channel)
        .where(isFirstOfItsIncident)
        .orderBy('item.next_attempt_at')
        .limit(1)
        .executeTakeFirst(),
    );
    return row?.next_attempt_at;
  }

  async waiting(channel: ChannelName, limit: number): Promise<readonly OutboxItem[]> {
    const rows = await this.#connection.read((database) =>
      database
        .selectFrom('outbox')
        .selectAll()
        .where('state', '=', 'waiting')
        .where('channel', '=', channel)
        .orderBy('position')
        .limit(limit)
        .execute(),
    );
    return rows.map(toItem);
  }

  async handOver(id: string, copy: NewOutboxItem): Promise<void> {
    await this.#connection.write(async (transaction) => {
      await this.#insert(transaction, [copy]);
      await transaction.updateTable('outbox').set({ handed_to: copy.channel }).where('id', '=', id).execute();
    });
  }

  async stateOf(id: string): Promise<OutboxState | undefined> {
    const row = await this.#connection.read((database) => database.selectFrom('outbox').select('state').where('id', '=', id).executeTakeFirst());
    return row?.state;
  }

  async ofIncident(incidentId: string): Promise<readonly OutboxRecord[]> {
    const rows = await this.#connection.read((database) => database.selectFrom('outbox').selectAll().where('incident_id', '=', incidentId).orderBy('position').execute());
    return rows.map((row) => ({ ...toItem(row), state: row.state, settledAt: row.settled_at ?? undefined, lastError: row.last_error ?? undefined }));
  }

  async markSent(id: string, at: number): Promise<void> {
    await this.#connection.write((transaction) =>
      transaction
        .updateTable('outbox')
        .set((eb) => ({ state: 'sent', settled_at: Math.floor(at), attempts: eb('attempts', '+', 1), last_error: null }))
        .where('id', '=', id)
        .execute(),
    );
  }

  async markFailed(id: string, _at: number, error: string, nextAttemptAt: number): Promise<void> {
    await this.#connection.write((transaction) =>
      transaction
        .updateTable('outbox')
        .set((eb) => ({ attempts: eb('attempts', '+', 1), last_error: this.#redactor.text(error), next_attempt_at: Math.ceil(nextAttemptAt) }))
        .where('id', '=', id)
        .execute(),
    );
  }

  async markUndeliverable(id: string, at: number, error: string): Promise<void> {
    await this.#connection.write((transaction) =>
      transaction
        .updateTable('outbox')
        .set((eb) => ({ state: 'undeliverable', settled_at: Math.floor(at), attempts: eb('attempts', '+', 1), last_error: this.#redactor.text(error) }))
        .where('id', '=', id)
        .execute(),
    );
  }

  async thread(channel: ChannelName, incidentId: string): Promise<ThreadReference | undefined> {
    const row = await this.#connection.read((database) =>
      database.selectFrom('outbox_thread').select('reference').where('channel', '=', channel).where('incident_id', '=', incidentId).executeTakeFirst(),
    );
    return row === undefined ? undefined : (JSON.parse(row.reference) as ThreadReference);
  }

  async saveThread(channel: ChannelName, incidentId: string, reference: ThreadReference): Promise<void> {
    const row = { channel, incident_id: incidentId, reference: JSON.stringify(reference) };
    await this.#connection.write((transaction) =>
      transaction
        .insertInto('outbox_thread')
        .values(row)
        .onConflict((conflict) => conflict.columns(['channel', 'incident_id']).doUpdateSet({ reference: row.reference }))
        .execute(),
    );
  }

  async #insert(transaction: Transaction<Tables>, items: readonly NewOutboxItem[]): Promise<void> {
    for (const item of items) {
      await transaction
        .insertInto('outbox')
        .values({
          id: item.id ?? randomUUID(),
          channel: item.channel,
          incident_id: item.message.incidentId ?? null,
          message: stringifyTagged(this.#redactor.data(item.message)),
          recipients: JSON.stringify(item.recipients),
          addresses: item.addresses === undefined ? null : JSON.stringify(item.addresses),
          created_at: Math.floor(item.createdAt),
          next_attempt_at: Math.floor(item.createdAt),
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    }
  }
}

type ItemExpressions = ExpressionBuilder<Tables & { item: OutboxTable }, 'item'>;

/** No earlier message of the same incident still waits on the same channel. Messages without an incident stand alone. */
function isFirstOfItsIncident({ not, exists, selectFrom }: ItemExpressions): ExpressionWrapper<Tables & { item: OutboxTable }, 'item', SqlBool> {
  return not(
    exists(
      selectFrom('outbox as earlier')
        .select('earlier.position')
        .where('earlier.state', '=', 'waiting')
        .whereRef('earlier.channel', '=', 'item.channel')
        .whereRef('earlier.incident_id', '=', 'item.incident_id')
        .whereRef('earlier.position', '<', 'item.position'),
    ),
  );
}

function toItem(row: Selectable<OutboxTable>): OutboxItem {
  return {
    id: row.id,
    channel: row.channel as ChannelName,
    message: parseTagged(row.message) as Message,
    recipients: JSON.parse(row.recipients) as string[],
    ...(row.addresses === null ? {} : { addresses: JSON.parse(row.addresses) as string[] }),
    ...(row.handed_to === null ? {} : { handedTo: row.handed_to as ChannelName }),
    createdAt: row.created_at,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at,
  };
}
