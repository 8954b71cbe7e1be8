import type pg from 'pg';
import { z } from 'zod';
import { quotedName, quotedText } from '../../calls/postgres-connection.js';
import type { TableName } from './integrity.js';

const markSchema = z.object({ run: z.string(), transaction: z.string() });
/** A schema that keeps the rows of tables as they were before a rollback, and the transaction that replaced them. */
export type KeptTables = z.infer<typeof markSchema>;

const MARK = '{"belay":1,';

/** By name, the schemas of this database that Belay keeps rows in. */
export async function keptSchemas(client: pg.Client): Promise<ReadonlyMap<string, KeptTables>> {
  const { rows } = await client.query<{ name: string; comment: string }>(
    `SELECT n.nspname AS name, obj_description(n.oid, 'pg_namespace') AS comment FROM pg_namespace n WHERE n.nspname LIKE 'belay\\_before\\_%' AND obj_description(n.oid, 'pg_namespace') IS NOT NULL`,
  );
  return new Map(rows.flatMap(({ name, comment }): [string, KeptTables][] => {
    const mark = markOf(comment);
    return mark === undefined ? [] : [[name, mark]];
  }));
}

function markOf(comment: string): KeptTables | undefined {
  const start = comment.indexOf(MARK);
  if (start === -1) return undefined;
  try {
    return markSchema.safeParse(JSON.parse(comment.slice(start))).data;
  } catch {
    return undefined; // Somebody has edited the comment: it is not ours any more.
  }
}

export function keptTableName({ schema, table }: TableName): string {
  return schema === 'public' ? table : `${schema}.${table}`;
}

/** Copies the present rows into a new schema. Everything stands or falls with the transaction that is open. */
export async function keepTables(client: pg.Client, schema: string, names: readonly TableName[], run: string): Promise<void> {
  await client.query(`CREATE SCHEMA ${quotedName(schema)}`);
  for (const name of names) await client.query(`CREATE TABLE ${quotedName(schema, keptTableName(name))} AS SELECT ${await ownColumns(client, name)} FROM ${quotedName(name.schema, name.table)}`);
  // Rows carry the lower half of the number of the transaction that wrote them.
  const { rows } = await client.query<{ transaction: string }>(`SELECT (pg_current_xact_id()::text::numeric % 4294967296)::text AS transaction`);
  const mark = { belay: 1, run, transaction: rows[0]?.transaction ?? '' };
  const words = `Kept by Belay: rows as they were before a rollback replaced them. Drop the schema once nobody needs it. ${JSON.stringify(mark)}`;
  await client.query(`COMMENT ON SCHEMA ${quotedName(schema)} IS ${quotedText(words)}`);
}

/** Columns that PostgreSQL computes by itself cannot be written back, so they are not kept. */
async function ownColumns(client: pg.Client, { schema, table }: TableName): Promise<string> {
  const { rows } = await client.query<{ column: string }>(
    `SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [quotedName(schema, table)],
  );
  return rows.map(({ column }) => quotedName(column)).join(', ');
}
