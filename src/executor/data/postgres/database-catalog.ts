import type pg from 'pg';
import { BelayError } from '../../../fault/belay-error.js';
import { inTransaction, quotedName, quotedText } from '../../calls/postgres-connection.js';
import { parseMark, type DatabaseMark, type WritableBefore } from './database-mark.js';

/** One database of a server. */
export interface DatabaseEntry {
  readonly oid: string;
  readonly name: string;
  readonly comment: string | null;
  readonly mark: DatabaseMark | undefined;
  readonly sizeBytes: number;
  readonly before: WritableBefore;
}

interface Row {
  oid: string;
  name: string;
  comment: string | null;
  allows: boolean;
  read_only: string | null;
  size: string;
}

const READ_ONLY = 'default_transaction_read_only';

/** Every database of the server that is no template. */
export async function readDatabases(client: pg.Client): Promise<DatabaseEntry[]> {
  const { rows } = await client.query<Row>(`
    SELECT d.oid::text AS oid, d.datname AS name, shobj_description(d.oid, 'pg_database') AS comment, d.datallowconn AS allows,
      (SELECT split_part(entry, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) AS entry
        WHERE s.setdatabase = d.oid AND s.setrole = 0 AND entry LIKE '${READ_ONLY}=%') AS read_only,
      CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) ELSE 0 END AS size
    FROM pg_database d WHERE NOT d.datistemplate`);
  return rows.map(({ oid, name, comment, allows, read_only, size }) => ({
    oid, name, comment, mark: parseMark(comment), sizeBytes: Number(size), before: { readOnly: read_only, allowConnections: allows },
  }));
}

export async function commentOn(client: pg.Client, database: string, comment: string | null): Promise<void> {
  await client.query(`COMMENT ON DATABASE ${quotedName(database)} IS ${comment === null ? 'NULL' : quotedText(comment)}`);
}

export async function dropDatabase(client: pg.Client, database: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${quotedName(database)} WITH (FORCE)`);
}

export async function setReadOnly(client: pg.Client, database: string, value: string | null): Promise<void> {
  const change = value === null ? `RESET ${READ_ONLY}` : `SET ${READ_ONLY} = ${quotedText(value)}`;
  await client.query(`ALTER DATABASE ${quotedName(database)} ${change}`);
}

export async function allowConnections(client: pg.Client, database: string, allowed: boolean): Promise<void> {
  await client.query(`ALTER DATABASE ${quotedName(database)} ALLOW_CONNECTIONS ${allowed}`);
}

/** Ends every session in a database but this one. Throws `provider-refused` where the role may not. */
export async function endSessions(client: pg.Client, database: string): Promise<void> {
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()', [database]);
}

/**
 * A new, empty database that is like another one: owner, encoding, locale, tablespace, connection limit, privileges and
 * settings. Whether it may be written to is left out; that is set when it comes into use.
 */
export async function createLike(client: pg.Client, model: string, name: string): Promise<void> {
  const { rows } = await client.query<{ d: Record<string, unknown>; owner: string; encoding: string; tablespace: string }>(
    `SELECT to_jsonb(d) - 'datacl' AS d, pg_get_userbyid(d.datdba) AS owner, pg_encoding_to_char(d.encoding) AS encoding, t.spcname AS tablespace
      FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1`,
    [model],
  );
  const [row] = rows;
  if (row === undefined) throw new BelayError('provider-refused', `there is no database ${model}`);
  const { d, owner, encoding, tablespace } = row;
  const icuLocale = d['datlocprovider'] === 'i' ? (d['datlocale'] ?? d['daticulocale']) : undefined;
  const icu = typeof icuLocale === 'string' ? ` LOCALE_PROVIDER icu ICU_LOCALE ${quotedText(icuLocale)}` : '';
  await client.query(
    `CREATE DATABASE ${quotedName(name)} TEMPLATE template0 OWNER ${quotedName(owner)} ENCODING ${quotedText(encoding)}` +
      ` LC_COLLATE ${quotedText(String(d['datcollate']))} LC_CTYPE ${quotedText(String(d['datctype']))}${icu} TABLESPACE ${quotedName(tablespace)} CONNECTION LIMIT ${Number(d['datconnlimit'])}`,
  );
  await copyPrivileges(client, model, name);
  await copySettings(client, model, name);
}

async function copyPrivileges(client: pg.Client, model: string, name: string): Promise<void> {
  const { rows } = await client.query<{ grantee: string | null; privilege: string; grantable: boolean }>(
    `SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
      FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = $1`,
    [model],
  );
  // Without a list of its own a database has the usual privileges, and so has the new one.
  if (rows.length === 0) return;
  await client.query(`REVOKE ALL ON DATABASE ${quotedName(name)} FROM PUBLIC`);
  for (const { grantee, privilege, grantable } of rows) {
    await client.query(`GRANT ${privilege} ON DATABASE ${quotedName(name)} TO ${grantee === null ? 'PUBLIC' : quotedName(grantee)}${grantable ? ' WITH GRANT OPTION' : ''}`);
  }
}

async function copySettings(client: pg.Client, model: string, name: string): Promise<void> {
  const { rows } = await client.query<{ role: string | null; entry: string }>(
    `SELECT CASE WHEN s.setrole = 0 THEN NULL ELSE pg_get_userbyid(s.setrole) END AS role, entry
      FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS entry WHERE d.datname = $1`,
    [model],
  );
  for (const { role, entry } of rows) {
    const at = entry.indexOf('=');
    const setting = entry.slice(0, at);
    if (role === null && setting === READ_ONLY) continue;
    // A list such as search_path cannot be written as one text; as the session's own value it is taken over as it is.
    await inTransaction(client, async () => {
      await client.query('SELECT set_config($1, $2, true)', [setting, entry.slice(at + 1)]);
      const where = role === null ? `ALTER DATABASE ${quotedName(name)}` : `ALTER ROLE ${quotedName(role)} IN DATABASE ${quotedName(name)}`;
      await client.query(`${where} SET ${quotedName(...setting.split('.'))} FROM CURRENT`);
    });
  }
}
