import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { flagStateOf, type FlagProvider } from './flag-provider.js';
import { runProviderCommandWell } from '../calls/provider-command.js';

export const commandFlagsBinding = z.strictObject({
  type: z.literal('command'),
  set: argumentList.describe('Sets the flag.'),
  get: argumentList.describe('Prints its state: `true`, `on`, `1`, `enabled`, or `false`, `off`, `0`, `disabled`. Only reads.'),
  ...commandSurroundings,
});

/** Flags behind two commands: `set` changes one, `get` prints its state. */
export function commandFlags(binding: z.infer<typeof commandFlagsBinding>, directory: string): FlagProvider {
  const place = { ...binding, directory };
  return {
    place: binding.set[0] ?? '',
    async get({ values }, signal) {
      const printed = await runProviderCommandWell(binding.get, place, values, { signal });
      const state = flagStateOf(printed);
      if (state === undefined) throw new BelayError('provider-refused', `${binding.get[0] ?? ''} printed ${JSON.stringify(printed.slice(0, 100))}, which is neither on nor off`);
      return state;
    },
    async set({ values }, effort) {
      await runProviderCommandWell(binding.set, place, values, effort);
    },
  };
}
