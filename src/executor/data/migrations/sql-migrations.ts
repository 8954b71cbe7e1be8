import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type pg from 'pg';
import { BelayError } from '../../../fault/belay-error.js';
import { inTransaction, withPostgres } from '../../calls/postgres-connection.js';
import { filesOf, namesInTable, quotedTable } from './migration-table.js';
import type { MigrationTool } from './migration-tool.js';
import type { MigrationsBinding } from './migrations-binding.js';

/** `BEGIN` alone begins a block of PL/pgSQL; with its semicolon it is the transaction's. */
const TRANSACTION = /^[ \t]*(?:BEGIN|COMMIT|ROLLBACK|START[ \t]+TRANSACTION)\b[^;\n]*;/im;

/** Plain SQL: `NAME/up.sql` and `NAME/down.sql`, or `NAME.up.sql` and `NAME.down.sql`; each in one transaction with the note that it has run. */
export function sqlMigrations(binding: MigrationsBinding, base: string): MigrationTool {
  const { url, table = 'schema_migrations' } = binding;
  const directory = resolve(base, binding.directory);
  return {
    applied: (signal) => namesInTable({ url, table, column: 'version', order: 'version' }, signal),
    known: async () => [...new Set((await filesOf(directory, /^[^.]/)).map((name) => name.replace(/\.(?:up|down)\.sql$/, '')))],
    down: (name, { signal }) =>
      runFile(url, directory, name, 'down', signal, async (client) => {
        await client.query(`DELETE FROM ${quotedTable(table)} WHERE version::text = $1`, [name]);
      }),
    async up(names, { signal }) {
      for (const name of names) {
        await runFile(url, directory, name, 'up', signal, async (client) => {
          await client.query(`INSERT INTO ${quotedTable(table)} (version) VALUES ($1)`, [name]);
        });
      }
    },
  };
}

/** Runs a file of SQL and what belongs to it in one transaction: all of it is there afterwards, or nothing. */
export async function runFile(url: string, directory: string, name: string, way: 'up' | 'down', signal: AbortSignal, also: (client: pg.Client) => Promise<void>): Promise<void> {
  const sql = await sqlOf(directory, name, way);
  if (TRANSACTION.test(sql)) throw new BelayError('provider-refused', `the ${way}.sql of ${name} begins or ends transactions by itself; Belay runs it in one, so take them out`);
  await withPostgres({ url }, signal, (client) =>
    inTransaction(client, async () => {
      await client.query(sql);
      await also(client);
    }),
  );
}

async function sqlOf(directory: string, name: string, way: 'up' | 'down'): Promise<string> {
  if (/[/\\]|^\.\.?$/.test(name)) throw new BelayError('provider-refused', `${JSON.stringify(name)} is no plain name of a migration`);
  for (const path of [join(directory, name, `${way}.sql`), join(directory, `${name}.${way}.sql`)]) {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    });
    if (text !== undefined) return text;
  }
  throw new BelayError('provider-refused', `${directory} has neither ${name}/${way}.sql nor ${name}.${way}.sql, so it cannot be ${way === 'down' ? 'reversed' : 'applied'}`);
}
