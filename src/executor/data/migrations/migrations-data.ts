import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BelayError } from '../../../fault/belay-error.js';
import { databaseName } from '../../calls/postgres-connection.js';
import type { Effort, StateChange } from '../../state-executor.js';
import { BACKUP_ENDINGS, type Backups } from '../backup/backup-place.js';
import type { DataRequest, DataSurroundings } from '../data-request.js';
import { PostgresPrograms } from '../postgres/postgres-programs.js';
import { verifyDump } from '../postgres/verify-dump.js';
import { migrationChange } from './migration-change.js';
import type { MigrationTool } from './migration-tool.js';
import type { MigrationsBinding } from './migrations-binding.js';
import { commandMigrations, dbmateMigrations, knexMigrations, nodePgMigrations } from './program-migrations.js';
import { prismaMigrations } from './prisma-migrations.js';
import { sqlMigrations } from './sql-migrations.js';

/** The schema of a PostgreSQL database, brought back by reversing migrations with the tool that applied them. */
export function migrationsData(binding: MigrationsBinding, surroundings: DataSurroundings, { parameters, rpoMs }: DataRequest): StateChange {
  const { directory, clock } = surroundings;
  const { url, backups } = binding;
  if (parameters.migration === undefined) throw new BelayError('parameter-invalid', `${parameters.database} is brought back by migrations, so its steps give migration`);
  const database = databaseName(url);
  const change = migrationChange({ tool: toolOf(binding, directory), database, migration: parameters.migration, shared: `${url} migrations` });
  if (backups === 'none') return change;
  const programs = new PostgresPrograms({ url }, binding.programs);
  const judge = { backups, base: directory, database, oldest: backups.maxAge ?? rpoMs, programs, clock };
  const ready = async (effort: Effort): Promise<string> => (await verifyDump(await newestBackup(backups, directory), judge, effort)).words;
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

/** The youngest entry of the directory that can be a backup; how young its content is, its header says. */
async function newestBackup({ directory }: Backups, base: string): Promise<string> {
  const path = resolve(base, directory);
  const names = (await readdir(path).catch(() => [])).filter((name) => !/\.(?:sha256|json)$/.test(name) && BACKUP_ENDINGS.some((ending) => name.endsWith(ending)));
  const entries = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(path, name))).mtimeMs })));
  const [newest] = entries.sort((one, other) => other.at - one.at);
  if (newest === undefined) throw new BelayError('backup-unfit', `there is no backup in ${path}, so nothing of the database is reversed`);
  return newest.name;
}
