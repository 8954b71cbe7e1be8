import { BelayError } from '../../../fault/belay-error.js';
import { databaseName } from '../../calls/postgres-connection.js';
import type { Effort, StateChange } from '../../state-executor.js';
import { newestBackup } from '../backup/backup-place.js';
import type { DataRequest, DataSurroundings } from '../data-request.js';
import { verifyDumpOf } from '../postgres/verify-dump-of.js';
import { migrationChange } from './migration-change.js';
import type { MigrationTool } from './migration-tool.js';
import type { MigrationsBinding } from './migrations-binding.js';
import { commandMigrations, dbmateMigrations, knexMigrations, nodePgMigrations } from './program-migrations.js';
import { prismaMigrations } from './prisma-migrations.js';
import { sqlMigrations } from './sql-migrations.js';

/** The schema of a PostgreSQL database, brought back by reversing migrations with the tool that applied them. */
export function migrationsData(binding: MigrationsBinding, surroundings: DataSurroundings, { parameters, rpoMs }: DataRequest): StateChange {
  const { directory } = surroundings;
  const { url, backups } = binding;
  if (parameters.migration === undefined) throw new BelayError('parameter-invalid', `${parameters.database} is brought back by migrations, so its steps give migration`);
  const database = databaseName(url);
  const change = migrationChange({ tool: toolOf(binding, directory), database, migration: parameters.migration, shared: `${url} migrations` });
  if (backups === 'none') return change;
  const ready = async (effort: Effort): Promise<string> => (await verifyDumpOf({ ...binding, backups }, surroundings, await newestBackup(backups, directory), rpoMs, effort)).words;
  return {
    ...change,
    ready,
    async apply(effort) {
      await ready(effort);
      await change.apply(effort);
    },
  };
}

function toolOf(binding: MigrationsBinding, base: string): MigrationTool {
  switch (binding.tool) {
    case 'dbmate':
      return dbmateMigrations(binding, base);
    case 'knex':
      return knexMigrations(binding, base);
    case 'node-pg-migrate':
      return nodePgMigrations(binding, base);
    case 'prisma':
      return prismaMigrations(binding, base);
    case 'sql':
      return sqlMigrations(binding, base);
    case 'command':
      return commandMigrations(binding, base);
    default:
      return binding.tool satisfies never;
  }
}
