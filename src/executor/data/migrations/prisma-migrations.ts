import { resolve } from 'node:path';
import { withPostgres } from '../../calls/postgres-connection.js';
import type { Effort } from '../../state-executor.js';
import { filesOf, namesInTable, quotedTable } from './migration-table.js';
import type { MigrationTool } from './migration-tool.js';
import type { MigrationsBinding } from './migrations-binding.js';
import { caller } from './program-migrations.js';
import { runFile } from './sql-migrations.js';

const REVERSED = 'reversed by Belay with its down.sql';

/**
 * Prisma cannot reverse a migration: `migrate resolve --rolled-back` only notes it, and only of one that has failed. So
 * its `down.sql` is run and, in the same transaction, the migration is noted as failed; then Prisma itself resolves it.
 * One that had failed, or was left between the two, is resolved without a second `down.sql`.
 */
export function prismaMigrations(binding: MigrationsBinding, base: string): MigrationTool {
  const { url, table = '_prisma_migrations' } = binding;
  const directory = resolve(base, binding.directory);
  const call = caller(binding, base);
  const isReversed = (name: string, { signal }: Effort): Promise<boolean> =>
    withPostgres({ url }, signal, async (client) => {
      const { rowCount } = await client.query(`SELECT FROM ${quotedTable(table)} WHERE migration_name = $1 AND rolled_back_at IS NULL AND finished_at IS NULL AND logs = $2`, [name, REVERSED]);
      return (rowCount ?? 0) > 0;
    });
  return {
    // A failed one counts: it stands in the way of every deployment until it is resolved.
    applied: (signal) => namesInTable({ url, table, column: 'migration_name', order: 'started_at', where: 'rolled_back_at IS NULL' }, signal),
    known: () => filesOf(directory, /^\d+_/),
    async down(name, effort) {
      if (!(await isReversed(name, effort))) {
        await runFile(url, directory, name, 'down', effort.signal, async (client) => {
          await client.query(`UPDATE ${quotedTable(table)} SET finished_at = NULL, logs = $2 WHERE migration_name = $1 AND rolled_back_at IS NULL`, [name, REVERSED]);
        });
      }
      await call(['migrate', 'resolve', '--rolled-back', name], effort);
    },
    up: (_names, effort) => call(['migrate', 'deploy'], effort),
  };
}
