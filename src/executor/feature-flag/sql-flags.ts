import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { plainText } from '../calls/command-line.js';
import { type FlagProvider, type FlagRequest, segmentOf } from './flag-provider.js';
import type { FlagRow, FlagStatements } from './flag-table.js';
import { openPostgres } from './postgres-flag-table.js';
import { openSqlite } from './sqlite-flag-table.js';

const sqlName = plainText.regex(/^[^"\s]+$/, 'must be the plain name of a table (with its schema before a dot) or a column');
const sqlWord = z.union([z.string(), z.number(), z.boolean()]);

export const sqlFlagsBinding = z.strictObject({
  type: z.literal('sql'),
  url: z.string().regex(/^(?:sqlite:.|postgres(?:ql)?:\/\/)/, 'must be sqlite:PATH or postgres://…').meta({ title: '`sqlite:PATH`, `postgres://…`', description: 'The database.' }),
  table: sqlName.default('feature_flags').describe('With its schema before a dot, where it needs one.'),
  keyColumn: sqlName.default('key').describe('The column that holds the flag\'s key.'),
  valueColumn: sqlName.default('enabled').describe('The column that holds its state.'),
  /** One row per flag and segment; the row for all users has NULL in it. */
  segmentColumn: sqlName.optional().describe('The column that holds the segment. Without it steps with `scope: segment` are refused.'),
  /** What stands in the value column; without them the database's own booleans (SQLite: 1 and 0). */
  on: sqlWord.optional().meta({ title: 'value', description: 'What stands for on; without it the database\'s own `true` (SQLite: 1).' }),
  off: sqlWord.optional().meta({ title: 'value', description: 'What stands for off; without it the database\'s own `false` (SQLite: 0).' }),
});
const capturedSchema = z.strictObject({ value: sqlWord.nullable() });
type SqlBinding = z.infer<typeof sqlFlagsBinding>;

/** Flags in a table of a database: one row per flag, found by a key column, switched by a value column. */
export function sqlFlags(binding: SqlBinding, directory: string): FlagProvider {
  const isSqlite = binding.url.startsWith('sqlite:');
  const table = isSqlite
    ? openSqlite(resolve(directory, binding.url.slice('sqlite:'.length)), statements(binding, { key: '@key', segment: '@segment', value: '@value', same: 'IS' }))
    : openPostgres(binding.url, statements(binding, { key: '$1', segment: '$2::text', value: binding.segmentColumn === undefined ? '$2' : '$3', same: 'IS NOT DISTINCT FROM' }));
  const on = binding.on ?? (isSqlite ? 1 : true);
  const off = binding.off ?? (isSqlite ? 0 : false);

  async function valueOf(request: FlagRequest, signal: AbortSignal): Promise<unknown> {
    const values = await table.select(rowOf(binding, request), signal);
    if (values.length !== 1) throw notOneRow(binding, request, values.length);
    return values[0];
  }
  async function write(request: FlagRequest, value: string | number | boolean | null, signal: AbortSignal): Promise<void> {
    const rows = await table.updateOne(rowOf(binding, request), value, signal);
    if (rows !== 1) throw notOneRow(binding, request, rows);
  }

  return {
    place: `table ${binding.table}`,
    async get(request, signal) {
      const value = await valueOf(request, signal);
      if (String(value) === String(on)) return true;
      if (String(value) === String(off)) return false;
      throw new BelayError('provider-refused', `table ${binding.table}: flag ${request.parameters.flagKey} is ${JSON.stringify(value)}, neither ${String(on)} nor ${String(off)}`);
    },
    set: (request, { signal }) => write(request, request.parameters.targetState ? on : off, signal),
    memory: {
      capture: async (request, signal) => ({ value: await valueOf(request, signal) }),
      async putBack(request, captured, { signal }) {
        const before = capturedSchema.safeParse(captured);
        if (!before.success) throw new BelayError('undo-impossible', `flag ${request.parameters.flagKey}: what was captured is no value of a column`);
        await write(request, before.data.value, signal);
      },
    },
  };
}

/** The row of a flag: for everybody, or for one segment. */
function rowOf({ table, segmentColumn }: SqlBinding, request: FlagRequest): FlagRow {
  const segment = segmentOf(request.parameters);
  if (segment !== undefined && segmentColumn === undefined) throw new BelayError('parameter-invalid', `table ${table} has no segmentColumn in its binding, so its flags are for everybody`);
  return { key: request.parameters.flagKey, segment: segment ?? null };
}

function notOneRow({ table }: SqlBinding, { parameters: { flagKey, segment } }: FlagRequest, rows: number): BelayError {
  const flag = `flag ${JSON.stringify(flagKey)}${segment === undefined ? '' : ` for segment ${JSON.stringify(segment)}`}`;
  return new BelayError('provider-refused', rows === 0 ? `table ${table} has no ${flag}` : `table ${table} has ${rows} rows for ${flag}`);
}

function statements({ table, keyColumn, valueColumn, segmentColumn }: SqlBinding, { key, segment, value, same }: Readonly<Record<'key' | 'segment' | 'value' | 'same', string>>): FlagStatements {
  const name = table.split('.').map(quoted).join('.');
  const row = `${quoted(keyColumn)} = ${key}${segmentColumn === undefined ? '' : ` AND ${quoted(segmentColumn)} ${same} ${segment}`}`;
  return {
    select: `SELECT ${quoted(valueColumn)} AS value FROM ${name} WHERE ${row}`,
    update: `UPDATE ${name} SET ${quoted(valueColumn)} = ${value} WHERE ${row}`,
    hasSegment: segmentColumn !== undefined,
  };
}

/** The binding's schema refuses names with quotation marks; doubling them here makes it safe wherever a name comes from. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
