import { z } from 'zod';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { httpCallSchema } from '../calls/http-call.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import { sendRequest } from '../calls/send-request.js';
import type { Reload } from './configuration-provider.js';

const reloadSchema = z.union([argumentList, httpCallSchema]);

/** The keys of a binding whose service is told of a change: `reload` runs after it (in `cwd`), or is a request. */
export const reloading = { reload: reloadSchema.optional().describe('Runs, or is sent, after something has changed, and also where all was as wanted already.'), ...commandSurroundings };

interface Reloading {
  readonly reload?: z.infer<typeof reloadSchema> | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export function reloadOf({ reload, cwd, env }: Reloading, directory: string): Reload | undefined {
  if (reload === undefined) return undefined;
  return async ({ values }, effort) => {
    if (Array.isArray(reload)) await runProviderCommandWell(reload, { cwd, env, directory }, values, effort);
    else await sendRequest(reload, values, effort.signal);
  };
}
