import type { ReceivedAlertStore, StoredMessage } from '../guard/received-alert-store.js';
import type { Redactor } from '../secret/redactor.js';
import type { ReceivedAlert } from '../source/received-alert.js';
import { chunks } from './chunks.js';
import type { StoreConnection } from './store-connection.js';
import { parseTagged, stringifyTagged } from './tagged-json.js';

/** Messages are kept for people to look at what was sent: for as long as `retention.samples` says, and this many at most. */
const KEPT_MESSAGES = 100_000;
/** Messages between two clean-ups. */
const CLEAN_EVERY = 1_000;

/** What Alertmanagers have sent, in SQL. Whatever is written passes the Redactor first. */
export class SqlReceivedAlerts implements ReceivedAlertStore {
  readonly #connection: StoreConnection;
  readonly #redactor: Redactor;
  #sinceCleaned = CLEAN_EVERY;

  constructor(connection: StoreConnection, redactor: Redactor) {
    this.#connection = connection;
    this.#redactor = redactor;
  }

  async saveReceived(messages: readonly StoredMessage[], alerts: readonly ReceivedAlert[], forgotten: readonly string[]): Promise<void> {
    const messageRows = messages.map(({ message, sender, receivedAt }) => {
      const clean = this.#redactor.data(message);
      return { received_at: Math.floor(receivedAt), sender, group_key: clean.groupKey, truncated_alerts: clean.truncatedAlerts, data: stringifyTagged(clean) };
    });
    const alertRows = alerts.map((alert) => ({ key: alert.key, data: stringifyTagged({ ...this.#redactor.data(alert), key: alert.key }) }));
    const cleans = this.#sinceCleaned + messages.length >= CLEAN_EVERY;
    await this.#connection.write(async (transaction) => {
      for (const chunk of chunks(messageRows)) await transaction.insertInto('received_message').values(chunk).execute();
      for (const chunk of chunks(alertRows)) {
        await transaction.insertInto('received_alert').values(chunk).onConflict((conflict) => conflict.column('key').doUpdateSet((eb) => ({ data: eb.ref('excluded.data') }))).execute();
      }
      for (const chunk of chunks(forgotten)) await transaction.deleteFrom('received_alert').where('key', 'in', chunk).execute();
      if (!cleans) return;
      const newest = await transaction.selectFrom('received_message').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst();
      if (newest === undefined) return;
      await transaction.deleteFrom('received_message').where('seq', '<=', newest.seq - KEPT_MESSAGES).execute();
    });
    this.#sinceCleaned = cleans ? 0 : this.#sinceCleaned + messages.length;
  }

  async loadReceived(): Promise<readonly ReceivedAlert[]> {
    const rows = await this.#connection.read((database) => database.selectFrom('received_alert').select('data').execute());
    return rows.map(({ data }) => parseTagged(data) as ReceivedAlert);
  }
}
