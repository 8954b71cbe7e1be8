import type { z } from 'zod';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import type { ConfigurationProvider } from './configuration-provider.js';

/** The keys of a binding whose service is told of a change: `reload` runs after it, in `cwd`. */
export const reloading = { reload: argumentList.optional(), ...commandSurroundings };

interface Reloading {
  readonly reload?: z.infer<typeof argumentList> | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export function reloadOf(binding: Reloading, directory: string): ConfigurationProvider['reload'] {
  const { reload, cwd, env } = binding;
  if (reload === undefined) return undefined;
  return async ({ values }, effort) => {
    await runProviderCommandWell(reload, { cwd, env, directory }, values, effort);
  };
}
