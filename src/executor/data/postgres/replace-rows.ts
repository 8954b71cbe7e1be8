import type pg from 'pg';
import { BelayError } from '../../../fault/belay-error.js';
import { postgresWords, quotedName, quotedText } from '../../calls/postgres-connection.js';
import { tableText, type TableName } from './integrity.js';

/** A table, and where the rows come from that it shall have. */
export interface TableSource {
  readonly name: TableName;
  readonly columns: readonly string[];
  /** As SQL writes it. */
  readonly from: string;
}

interface ForeignKey {
  readonly name: string;
  readonly child: string;
  readonly parent: string;
  readonly definition: string;
  readonly comment: string | null;
}

interface Trigger {
  readonly name: string;
  readonly table: string;
  readonly enabled: string;
}

const LOCK_TIMEOUT_MS = 10_000;
const LOCK_NOT_AVAILABLE = '55P03';
const FOREIGN_KEY_VIOLATION = '23503';
const enablingOf: Readonly<Record<string, string>> = { O: 'ENABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };

/** Keeps everybody else out until the transaction ends. Throws `provider-refused` when others hold the tables too long. */
export async function lockTables(client: pg.Client, names: readonly TableName[]): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await client.query('SET LOCAL row_security = off');
  try {
    await client.query(`LOCK TABLE ${names.map(({ schema, table }) => quotedName(schema, table)).join(', ')} IN ACCESS EXCLUSIVE MODE`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    throw new BelayError('provider-refused', `other sessions have held ${names.map(tableText).join(', ')} for ${LOCK_TIMEOUT_MS / 1_000} s (pg_stat_activity and pg_locks tell which); nothing was changed`, { cause: error });
  }
}

/**
 * Replaces the rows of the tables inside the open transaction. Foreign keys to and from them are taken away and made
 * anew at the end, so that PostgreSQL itself checks every one against the new rows; triggers of the application do not
 * fire. Throws `data-unsound` naming the foreign key that does not hold.
 */
export async function replaceRows(client: pg.Client, sources: readonly TableSource[]): Promise<void> {
  const tables = sources.map(({ name }) => quotedName(name.schema, name.table));
  const keys = await foreignKeys(client, tables);
  const triggers = await enabledTriggers(client, tables);
  for (const { child, name } of keys) await client.query(`ALTER TABLE ${child} DROP CONSTRAINT ${quotedName(name)}`);
  for (const { table, name } of triggers) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER ${quotedName(name)}`);
  await client.query(`TRUNCATE ${tables.map((table) => `ONLY ${table}`).join(', ')}`);
  for (const { name, columns, from } of sources) {
    const list = columns.map((column) => quotedName(column)).join(', ');
    await client.query(`INSERT INTO ${quotedName(name.schema, name.table)} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM ${from}`);
  }
  for (const { table, name, enabled } of triggers) await client.query(`ALTER TABLE ${table} ${enablingOf[enabled] ?? 'ENABLE'} TRIGGER ${quotedName(name)}`);
  for (const key of keys) await addKey(client, key);
}

async function addKey(client: pg.Client, { child, parent, name, definition, comment }: ForeignKey): Promise<void> {
  try {
    await client.query(`ALTER TABLE ${child} ADD CONSTRAINT ${quotedName(name)} ${definition}`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== FOREIGN_KEY_VIOLATION) throw error;
    throw new BelayError('data-unsound', `the foreign key ${name} does not hold with the restored rows: ${child} refers to rows of ${parent} that are not there; restore both tables from one backup, or the whole snapshot (${postgresWords(error)})`, { cause: error });
  }
  if (comment !== null) await client.query(`COMMENT ON CONSTRAINT ${quotedName(name)} ON ${child} IS ${quotedText(comment)}`);
}

async function foreignKeys(client: pg.Client, tables: readonly string[]): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(
    `SELECT k.conname AS name, format('%I.%I', cn.nspname, c.relname) AS child, format('%I.%I', pn.nspname, p.relname) AS parent, pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
      WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid = ANY ($1::text[]::regclass[]) OR k.confrelid = ANY ($1::text[]::regclass[])) ORDER BY k.oid`,
    [tables],
  );
  return rows;
}

async function enabledTriggers(client: pg.Client, tables: readonly string[]): Promise<Trigger[]> {
  const { rows } = await client.query<Trigger>(
    `SELECT t.tgname AS name, format('%I.%I', n.nspname, c.relname) AS table, t.tgenabled AS enabled
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid = ANY ($1::text[]::regclass[])`,
    [tables],
  );
  return rows;
}
