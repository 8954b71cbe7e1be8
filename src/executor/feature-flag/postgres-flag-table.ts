import pg from 'pg';
import { BelayError, errorText } from '../../fault/belay-error.js';
import type { FlagRow, FlagStatements, FlagTable } from './flag-table.js';

const CONNECT_TIMEOUT_MS = 10_000;

/** A flag table in PostgreSQL, over a connection per question. */
export function openPostgres(url: string, statements: FlagStatements): FlagTable {
  const placeOf = ({ key, segment }: FlagRow): (string | null)[] => (statements.hasSegment ? [key, segment] : [key]);
  return {
    select: (row, signal) =>
      withClient(url, signal, async (client) => (await client.query<{ value: unknown }>(statements.select, placeOf(row))).rows.map(({ value }) => value)),
    updateOne: (row, value, signal) =>
      withClient(url, signal, async (client) => {
        await client.query('BEGIN');
        const rows = (await client.query(statements.update, [...placeOf(row), value])).rowCount ?? 0;
        await client.query(rows === 1 ? 'COMMIT' : 'ROLLBACK');
        return rows;
      }),
  };
}

/** On abort the connection is cut, and the server rolls back whatever has not been committed. */
async function withClient<T>(url: string, signal: AbortSignal, work: (client: pg.Client) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'belay' });
  // A connection that breaks rejects the query under way; without a listener it would end the process as well.
  client.on('error', () => undefined);
  const cut = (): void => {
    client.connection.stream.destroy();
  };
  signal.addEventListener('abort', cut, { once: true });
  let connected = false;
  try {
    await client.connect();
    connected = true;
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    throw new BelayError(connected ? 'provider-refused' : 'provider-unreachable', `PostgreSQL: ${errorText(error)}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', cut);
    if (!signal.aborted) await client.end();
  }
}
