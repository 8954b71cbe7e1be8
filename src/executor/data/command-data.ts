import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { askVerifyCommand, runProviderCommandWell } from '../calls/provider-command.js';
import type { StateChange } from '../state-executor.js';
import type { DataRequest } from './data-request.js';

export const commandDatabaseBinding = z
  .strictObject({
    type: z.literal('command'),
    restore: argumentList.describe('Brings the data back.'),
    verify: argumentList.describe('Exit 0: as wanted. 1: not. Anything else: cannot tell. Only reads.'),
    /** Exit 0: the backup that `restore` would use is there, sound and young enough. Asked before the plan begins. */
    checkBackup: argumentList.optional().describe('Exit 0: the backup that `restore` would use is there, sound and young enough. Asked before the plan begins. Only reads.'),
    /** Prints what `restore` is about to overwrite, for `${captured}` of `undo`. Only reads. */
    capture: argumentList.optional().describe('Prints what `restore` is about to overwrite. Only reads. Goes with `undo`.'),
    undo: argumentList.optional().describe('Puts it back: `${captured}` is what `capture` had printed.'),
    ...commandSurroundings,
  })
  .refine(({ capture, undo }) => (capture === undefined) === (undo === undefined), 'capture and undo belong together');

/** A database behind two commands: `restore` brings data back, `verify` tells whether it is there. */
export function commandData(binding: z.infer<typeof commandDatabaseBinding>, directory: string, { parameters, values }: DataRequest): StateChange {
  const place = { ...binding, directory };
  const { checkBackup, capture, undo } = binding;
  const subject = `data of ${parameters.database}`;
  const change: StateChange = {
    subject,
    wanted: parameters.snapshotId ?? parameters.migration ?? parameters.tables,
    read: (signal) => askVerifyCommand(binding.verify, place, values, signal),
    async apply(effort) {
      await runProviderCommandWell(binding.restore, place, values, effort);
    },
  };
  const ready: Pick<StateChange, 'ready'> =
    checkBackup === undefined
      ? {}
      : {
          async ready(effort) {
            try {
              const said = await runProviderCommandWell(checkBackup, place, values, effort);
              return said === '' ? 'the backup is verified by its command' : said;
            } catch (error) {
              if (!(error instanceof BelayError) || error.code !== 'command-failed') throw error;
              throw new BelayError('backup-unfit', `the backup is not good enough: ${error.message}`, { cause: error });
            }
          },
        };
  if (capture === undefined || undo === undefined) return { ...change, ...ready };
  const read = (signal: AbortSignal): Promise<string> => runProviderCommandWell(capture, place, values, { signal });
  return {
    ...change,
    ...ready,
    capture: read,
    restoring: (captured) => ({
      subject,
      wanted: captured,
      async read(signal) {
        const actual = await read(signal);
        return { state: actual === captured ? 'applied' : 'not-applied', actual };
      },
      async apply(effort) {
        await runProviderCommandWell(undo, place, { ...values, captured }, effort);
      },
    }),
  };
}
