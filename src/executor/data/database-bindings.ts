import { z } from 'zod';
import type { StateChange } from '../state-executor.js';
import { commandData, commandDatabaseBinding } from './command-data.js';
import type { DataRequest, DataSurroundings } from './data-request.js';
import { filesBinding, filesData } from './files-data.js';
import { migrationsBinding } from './migrations/migrations-binding.js';
import { migrationsData } from './migrations/migrations-data.js';
import { postgresBinding, postgresData } from './postgres/postgres-data.js';
import { sqliteBinding, sqliteData } from './sqlite-data.js';

/** An entry of `databases`: how one database is brought back. */
export const databaseBindingSchema = z.discriminatedUnion('type', [postgresBinding, migrationsBinding, sqliteBinding, filesBinding, commandDatabaseBinding]);
export type DatabaseBinding = z.infer<typeof databaseBindingSchema>;

export function dataChange(binding: DatabaseBinding, surroundings: DataSurroundings, request: DataRequest): StateChange {
  switch (binding.type) {
    case 'postgres':
      return postgresData(binding, surroundings, request);
    case 'migrations':
      return migrationsData(binding, surroundings, request);
    case 'sqlite':
      return sqliteData(binding, surroundings, request);
    case 'files':
      return filesData(binding, surroundings, request);
    case 'command':
      return commandData(binding, surroundings.directory, request);
    default:
      return binding satisfies never;
  }
}
