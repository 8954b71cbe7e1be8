import { z } from 'zod';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { askVerifyCommand, runProviderCommandWell } from '../calls/provider-command.js';
import type { StateChange } from '../state-executor.js';
import type { DataRequest } from './data-request.js';

export const commandDatabaseBinding = z.strictObject({ type: z.literal('command'), restore: argumentList, verify: argumentList, ...commandSurroundings });

/** A database behind two commands: `restore` brings data back, `verify` tells whether it is there. */
export function commandData(binding: z.infer<typeof commandDatabaseBinding>, directory: string, { parameters, values }: DataRequest): StateChange {
  const place = { ...binding, directory };
  return {
    subject: `data of ${parameters.database}`,
    wanted: parameters.snapshotId ?? parameters.migration ?? parameters.tables,
    read: (signal) => askVerifyCommand(binding.verify, place, values, signal),
    async apply(effort) {
      await runProviderCommandWell(binding.restore, place, values, effort);
    },
  };
}
