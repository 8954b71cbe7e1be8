import { z } from 'zod';
import type { StateChange } from '../state-executor.js';
import { commandData, commandDatabaseBinding } from './command-data.js';
import type { DataRequest, DataSurroundings } from './data-request.js';
import { postgresBinding, postgresData } from './postgres/postgres-data.js';

/** An entry of `databases`: how one database is brought back. */
export const databaseBindingSchema = z.discriminatedUnion('type', [postgresBinding, commandDatabaseBinding]);
export type DatabaseBinding = z.infer<typeof databaseBindingSchema>;

export function dataChange(binding: DatabaseBinding, surroundings: DataSurroundings, request: DataRequest): StateChange {
  switch (binding.type) {
    case 'postgres':
      return postgresData(binding, surroundings, request);
    case 'command':
      return commandData(binding, surroundings.directory, request);
    default:
      return binding satisfies never;
  }
}
