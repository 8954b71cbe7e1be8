import { readdir } from 'node:fs/promises';
import { BelayError, errorText } from '../../../fault/belay-error.js';
import { quotedName, withPostgres } from '../../calls/postgres-connection.js';

/** The table in which a tool notes what it has applied. */
export interface MigrationTable {
  readonly url: string;
  /** With its schema before a dot, where it is not in the search path. */
  readonly table: string;
  readonly column: string;
  /** By what the order of application is told. */
  readonly order: string;
  readonly where?: string;
}

/** What the column holds, oldest first; empty where the tool has not made its table yet. */
export async function namesInTable({ url, table, column, order, where = 'true' }: MigrationTable, signal: AbortSignal): Promise<string[]> {
  const place = quotedTable(table);
  return await withPostgres({ url }, signal, async (client) => {
    const there = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [place]);
    if (there.rows[0]?.there !== true) return [];
    const { rows } = await client.query<{ name: string }>(`SELECT ${quotedName(column)}::text AS name FROM ${place} WHERE ${where} ORDER BY ${quotedName(order)}, ${quotedName(column)}`);
    return rows.map(({ name }) => name);
  });
}

export function quotedTable(table: string): string {
  return quotedName(...table.split('.'));
}

/** The names of the entries of the folder of migrations that fit, in their order. Throws `provider-refused` where it cannot be read. */
export async function filesOf(directory: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new BelayError('provider-refused', `the migrations in ${directory} cannot be read: ${errorText(error)}`, { cause: error });
  });
  return names.filter((name) => pattern.test(name)).sort();
}
