import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings, filePath } from '../calls/command-line.js';
import { oneAtATime } from '../calls/one-at-a-time.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import type { Effort, StateChange } from '../state-executor.js';
import { editOptionalFile, readOptionalFile } from '../text/replace-file.js';
import { blockingChange, wantedEndpoints, type BlockedEndpoints } from './blocking-change.js';
import { endpointPath, endpointPaths } from './endpoint-path.js';
import { probe } from './probe.js';
import type { TrafficRequest } from './traffic-request.js';

export const nginxTrafficBinding = z.strictObject({
  type: z.literal('nginx'),
  /** A file that a `server` block includes, and that is Belay's alone. */
  include: filePath.describe('The file. Include it by a pattern (`include /etc/nginx/belay/*.conf;`), since it may be missing.'),
  /** What may be blocked. */
  endpoints: endpointPaths.default(['/']).describe('What may be blocked; without it `/`. `/api/v1` is all below it too.'),
  test: argumentList.default(['nginx', '-t']).describe('Without it `nginx -t`.'),
  reload: argumentList.default(['nginx', '-s', 'reload']).describe('Without it `nginx -s reload`.'),
  ...commandSurroundings,
  probe,
});
type NginxBinding = z.infer<typeof nginxTrafficBinding>;

const HEADING = '# Belay keeps this file: what stands here is answered with 503.';

/** 503 for chosen endpoints by an include file of nginx, which is put back when nginx does not take it. */
export function nginxTraffic(binding: NginxBinding, directory: string, { parameters }: TrafficRequest): StateChange {
  const path = resolve(directory, binding.include);
  const wanted = wantedEndpoints(parameters, binding.endpoints);
  const run = async (argv: readonly string[], effort: Effort): Promise<void> => {
    // Not filled: nothing of a step stands in what nginx is told.
    await runProviderCommandWell(argv, { ...binding, directory }, undefined, effort);
  };
  const store: BlockedEndpoints = {
    place: binding.include,
    read: async () => blockedIn(await readOptionalFile(path), binding.include),
    edit: (edit, effort) =>
      oneAtATime(`nginx with ${path}`, effort.signal, async () => {
        await run(binding.test, effort).catch((error: unknown) => {
          effort.signal.throwIfAborted();
          throw new BelayError('provider-refused', `nginx does not take its configuration as it is, so nothing was changed: ${error instanceof Error ? error.message : String(error)}`);
        });
        const before = await readOptionalFile(path);
        await editOptionalFile(path, effort.signal, (text) => textOf(edit(blockedIn(text, binding.include))));
        await run(binding.test, effort).catch(async (error: unknown) => {
          // Whatever ended the test, a file that nobody has tested must not stay for the next reload.
          await editOptionalFile(path, new AbortController().signal, () => before);
          effort.signal.throwIfAborted();
          throw new BelayError('provider-refused', `nginx does not take the change, and ${binding.include} was put back: ${error instanceof Error ? error.message : String(error)}`);
        });
      }),
    reload: (effort) => run(binding.reload, effort),
  };
  return blockingChange(parameters.service, store, binding.probe, wanted);
}

/**
 * In a server block, `if` with `return` goes before every location, so that no location of the service's own stands in
 * the way or is declared twice. `$uri` is decoded and without double slashes.
 */
function lineOf(endpoint: string): string {
  const pattern = endpoint === '/' ? '^/' : `^${endpoint.replaceAll('.', '\\.')}(?:/|$)`;
  return `if ($uri ~ "${pattern}") { return 503; } # ${endpoint}`;
}

function textOf(blocked: readonly string[]): string {
  return [HEADING, ...blocked.map((endpoint) => lineOf(endpointPath.parse(endpoint))), ''].join('\n');
}

function blockedIn(text: string | undefined, file: string): readonly string[] {
  return (text ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '' && line !== HEADING)
    .map((line) => {
      const endpoint = endpointPath.safeParse(/ # (\S+)$/.exec(line)?.[1]);
      if (endpoint.success && lineOf(endpoint.data) === line) return endpoint.data;
      throw new BelayError('provider-refused', `${file} holds a line that is not Belay's: ${line.slice(0, 100)}; give Belay a file of its own`);
    });
}
