import type pg from 'pg';
import { BelayError } from '../../../fault/belay-error.js';
import { inTransaction, postgresWords, quotedName } from '../../calls/postgres-connection.js';
import { holdCheck, type DataCheck } from '../data-check.js';

/** A table as PostgreSQL knows it. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** `orders` is the one in `public`; `sales.orders` names its schema. A table with a dot in its name cannot be named. */
export function parseTableName(text: string): TableName {
  const parts = text.split('.');
  const [first = '', second] = parts;
  if (parts.length > 2 || parts.includes('')) throw new BelayError('parameter-invalid', `${JSON.stringify(text.slice(0, 80))} is no table: write table or schema.table`);
  return second === undefined ? { schema: 'public', table: first } : { schema: first, table: second };
}

export function tableText({ schema, table }: TableName): string {
  return schema === 'public' ? table : `${schema}.${table}`;
}

/** Throws `data-unsound` naming every key and index of the database that does not hold. */
export async function checkKeys(client: pg.Client, alsoInvalidBefore: ReadonlySet<string>): Promise<void> {
  const keys = await invalidKeys(client);
  const broken = keys.filter((key) => !alsoInvalidBefore.has(key));
  if (broken.length > 0) throw new BelayError('data-unsound', `these keys do not hold in what was restored: ${broken.slice(0, 10).join(', ')}${broken.length > 10 ? ' …' : ''}`);
}

/** Foreign keys that nobody has validated, and unique indexes that could not be built. */
export async function invalidKeys(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT format('%s of %s', conname, conrelid::regclass) AS name FROM pg_constraint WHERE NOT convalidated
    UNION ALL SELECT format('%s of %s', indexrelid::regclass, indrelid::regclass) FROM pg_index WHERE NOT (indisvalid AND indisready)`);
  return rows.map(({ name }) => name);
}

/** Sets every sequence that numbers a column beyond the column's largest value; resolves to those that it had to move. */
export async function liftSequences(client: pg.Client, tables?: readonly TableName[]): Promise<string[]> {
  const { rows } = await client.query<{ sequence: string; seqschema: string; seqname: string; schema: string; table: string; column: string }>(
    `SELECT DISTINCT s.oid::regclass::text AS sequence, sn.nspname AS seqschema, s.relname AS seqname, n.nspname AS schema, t.relname AS table, a.attname AS column
      FROM pg_class s JOIN pg_namespace sn ON sn.oid = s.relnamespace JOIN pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0
      JOIN LATERAL (
        SELECT d.refobjid AS relid, d.refobjsubid AS attnum FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        UNION SELECT f.adrelid, f.adnum FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
      ) u ON true
      JOIN pg_class t ON t.oid = u.relid JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = u.attnum
      WHERE s.relkind = 'S' AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)`,
  );
  const lifted: string[] = [];
  for (const { sequence, seqschema, seqname, schema, table, column } of rows) {
    if (tables !== undefined && !tables.some((wanted) => wanted.schema === schema && wanted.table === table)) continue;
    const place = quotedName(seqschema, seqname);
    const result = await client.query(
      `SELECT setval($1::regclass, largest.value) FROM (SELECT max(${quotedName(column)})::bigint AS value FROM ${quotedName(schema, table)}) largest, ${place} s
        WHERE largest.value > s.last_value OR (largest.value = s.last_value AND NOT s.is_called)`,
      [place],
    );
    if (result.rowCount === 1) lifted.push(sequence);
  }
  return lifted;
}

/** Throws `data-unsound` where a table has not as many rows as it is known to have had. */
export async function checkRowCounts(client: pg.Client, rows: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, expected] of Object.entries(rows)) {
    const { schema, table } = parseTableName(name);
    const counted = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${quotedName(schema, table)}`);
    const actual = Number(counted.rows[0]?.count);
    if (actual !== expected) throw new BelayError('data-unsound', `${name} has ${actual} rows after the restore, and had ${expected} when the backup was made`);
  }
}

/** Asks the declared checks, which can change nothing. */
export async function runChecks(client: pg.Client, checks: readonly DataCheck[]): Promise<void> {
  for (const check of checks) {
    let value: unknown;
    try {
      const { rows } = await client.query<unknown[]>({ text: check.sql, rowMode: 'array' });
      value = rows[0]?.[0];
    } catch (error) {
      if ((error as { code?: unknown }).code === undefined) throw error;
      throw new BelayError('data-unsound', `check "${check.name}" could not be asked: ${postgresWords(error)}`, { cause: error });
    }
    holdCheck(check, value);
  }
}

export async function runChecksAlone(client: pg.Client, checks: readonly DataCheck[]): Promise<void> {
  if (checks.length === 0) return;
  await inTransaction(client, () => runChecks(client, checks), 'BEGIN TRANSACTION READ ONLY');
}
