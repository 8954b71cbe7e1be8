import pg from 'pg';
import { BelayError, errorText } from '../../fault/belay-error.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** PostgreSQL 14 and newer look this often whether the client of a statement is still there. */
const CLIENT_CHECK_MS = 1_000;

/** Where one database of a PostgreSQL server is, as its URL says. */
export interface PostgresAddress {
  readonly url: string;
  /** Another database of the same server than the URL names. */
  readonly database?: string | undefined;
}

/** The name of the database that a URL means. */
export function databaseName(url: string): string {
  return new pg.Client({ connectionString: url }).database ?? '';
}

/**
 * What PostgreSQL's own programs need to reach the same server: the password goes by the environment, which other users
 * of the machine cannot read as they can read arguments.
 */
export function postgresEnvironment({ url, database }: PostgresAddress): Record<string, string> {
  const client = new pg.Client({ connectionString: url });
  const [, sslMode] = /[?&]sslmode=([a-z-]+)/.exec(url) ?? [];
  return {
    PGHOST: client.host,
    PGPORT: String(client.port),
    PGAPPNAME: 'belay',
    PGDATABASE: database ?? client.database ?? '',
    ...(client.user === undefined ? {} : { PGUSER: client.user }),
    ...(typeof client.password === 'string' ? { PGPASSWORD: client.password } : {}),
    ...(sslMode === undefined ? {} : { PGSSLMODE: sslMode }),
  };
}

/**
 * Works over a connection of its own. On abort the connection is cut, and the server rolls back whatever has not been
 * committed. Throws `provider-unreachable` where there is no connection or it breaks, and `provider-refused` with
 * PostgreSQL's words; a BelayError of the work's own goes through as it is.
 */
export async function withPostgres<T>({ url, database }: PostgresAddress, signal: AbortSignal, work: (client: pg.Client) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const client = new pg.Client({ ...settings(url, database), connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'belay' });
  let connected = false;
  // A connection that breaks rejects the query under way; without a listener it would end the process as well.
  client.on('error', () => {
    connected = false;
  });
  const cut = (): void => {
    client.connection.stream.destroy();
  };
  signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
    connected = true;
    await endWithClient(client);
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BelayError) throw error;
    throw new BelayError(connected && !isGoingDown(error) ? 'provider-refused' : 'provider-unreachable', `PostgreSQL: ${postgresWords(error)}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', cut);
    if (!signal.aborted) await client.end().catch(() => undefined);
  }
}

/**
 * A statement that waits for a lock would go on waiting for a Belay that has died, and everybody else behind it. Servers
 * that do not know the setting, or whose system cannot tell, go on without it.
 */
async function endWithClient(client: pg.Client): Promise<void> {
  await client.query(`SELECT set_config(name, '${CLIENT_CHECK_MS}', false) FROM pg_settings WHERE name = 'client_connection_check_interval'`).catch(() => undefined);
}

/** A transaction that is rolled back by whatever the work throws. */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>, begin = 'BEGIN'): Promise<T> {
  await client.query(begin);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // Where the connection is gone, so is the transaction.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await client.query('COMMIT');
  return result;
}

/** A name as SQL writes it. */
export function quotedName(...parts: readonly string[]): string {
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** A text as SQL writes it, for the statements that take no parameters. */
export function quotedText(text: string): string {
  return pg.escapeLiteral(text);
}

/** PostgreSQL's message, and its detail and hint where these tell about objects and not about the contents of rows. */
export function postgresWords(error: unknown): string {
  const { code = '', detail, hint } = error as { code?: unknown; detail?: unknown; hint?: unknown };
  const holdsRows = typeof code === 'string' && /^2[23]/.test(code);
  const more = [holdsRows ? undefined : detail, hint].filter((text) => typeof text === 'string');
  return [errorText(error) || String(code), ...more].join('; ');
}

/** Classes 57P0x (shutdown, crash) and 08 (connection): the server answered for the last time. */
function isGoingDown(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(?:57P0[123]|08)/.test(code);
}

function settings(url: string, database: string | undefined): pg.ClientConfig {
  if (database === undefined) return { connectionString: url };
  const { host, port, user, password, ssl } = new pg.Client({ connectionString: url });
  return { host, port, user, password: password ?? undefined, ssl, database };
}
