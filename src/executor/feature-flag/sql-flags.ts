import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { plainText } from '../calls/command-line.js';
import type { FlagProvider } from './flag-provider.js';
import type { FlagStatements } from './flag-table.js';
import { openPostgres } from './postgres-flag-table.js';
import { openSqlite } from './sqlite-flag-table.js';

const sqlName = plainText.regex(/^[^"\s]+$/, 'must be the plain name of a table (with its schema before a dot) or a column');
const sqlWord = z.union([z.string(), z.number(), z.boolean()]);

export const sqlFlagsBinding = z.strictObject({
  type: z.literal('sql'),
  url: z.string().regex(/^(?:sqlite:.|postgres(?:ql)?:\/\/)/, 'must be sqlite:PATH or postgres://…'),
  table: sqlName.default('feature_flags'),
  keyColumn: sqlName.default('key'),
  valueColumn: sqlName.default('enabled'),
  /** What stands in the value column; without them the database's own booleans (SQLite: 1 and 0). */
  on: sqlWord.optional(),
  off: sqlWord.optional(),
});
type SqlBinding = z.infer<typeof sqlFlagsBinding>;

/** Flags in a table of a database: one row per flag, found by a key column, switched by a value column. */
export function sqlFlags(binding: SqlBinding, directory: string): FlagProvider {
  const isSqlite = binding.url.startsWith('sqlite:');
  const table = isSqlite
    ? openSqlite(resolve(directory, binding.url.slice('sqlite:'.length)), statements(binding, { key: '@key', value: '@value' }))
    : openPostgres(binding.url, statements(binding, { key: '$1', value: '$2' }));
  const on = binding.on ?? (isSqlite ? 1 : true);
  const off = binding.off ?? (isSqlite ? 0 : false);
  return {
    place: `table ${binding.table}`,
    async get({ parameters: { flagKey } }, signal) {
      const values = await table.select(flagKey, signal);
      if (values.length !== 1) throw notOneRow(binding, flagKey, values.length);
      const [value] = values;
      if (String(value) === String(on)) return true;
      if (String(value) === String(off)) return false;
      throw new BelayError('provider-refused', `table ${binding.table}: flag ${flagKey} is ${JSON.stringify(value)}, neither ${String(on)} nor ${String(off)}`);
    },
    async set({ parameters: { flagKey, targetState } }, { signal }) {
      const rows = await table.updateOne(flagKey, targetState ? on : off, signal);
      if (rows !== 1) throw notOneRow(binding, flagKey, rows);
    },
  };
}

function notOneRow(binding: SqlBinding, flagKey: string, rows: number): BelayError {
  return new BelayError('provider-refused', rows === 0 ? `table ${binding.table} has no flag ${JSON.stringify(flagKey)}` : `table ${binding.table} has ${rows} rows for flag ${JSON.stringify(flagKey)}`);
}

function statements({ table, keyColumn, valueColumn }: SqlBinding, placeholders: { readonly key: string; readonly value: string }): FlagStatements {
  const name = table.split('.').map(quoted).join('.');
  return {
    select: `SELECT ${quoted(valueColumn)} AS value FROM ${name} WHERE ${quoted(keyColumn)} = ${placeholders.key}`,
    update: `UPDATE ${name} SET ${quoted(valueColumn)} = ${placeholders.value} WHERE ${quoted(keyColumn)} = ${placeholders.key}`,
  };
}

/** The binding's schema refuses names with quotation marks; doubling them here makes it safe wherever a name comes from. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
