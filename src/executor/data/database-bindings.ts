import { z } from 'zod';
import { commandData, commandDatabaseBinding } from './command-data.js';
import type { DataRequest } from './data-request.js';
import type { StateChange } from '../state-executor.js';

/** An entry of `databases`: how one database is brought back. */
export const databaseBindingSchema = z.discriminatedUnion('type', [commandDatabaseBinding]);
export type DatabaseBinding = z.infer<typeof databaseBindingSchema>;

export function dataChange(binding: DatabaseBinding, directory: string, request: DataRequest): StateChange {
  return commandData(binding, directory, request);
}
