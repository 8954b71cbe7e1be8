import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings, filePath } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import type { StateChange } from '../state-executor.js';
import { editOptionalFile, readOptionalFile } from '../text/replace-file.js';
import { blockingChange, wantedEndpoints, type BlockedEndpoints } from './blocking-change.js';
import { endpointPaths } from './endpoint-path.js';
import { probe } from './probe.js';
import type { TrafficRequest } from './traffic-request.js';

export const fileTrafficBinding = z
  .strictObject({
    type: z.literal('file'),
    path: filePath.describe('The file, which may be missing. A reader sees the old or the new one.'),
    /** `flag`: the file is there or not. `json`: a list of paths. `lines`: a path per line. */
    format: z.enum(['flag', 'json', 'lines']).default('flag').describe('`flag`: the file is there or not. `json`: a list of paths. `lines`: a path per line.'),
    /** What may be blocked. */
    endpoints: endpointPaths.default(['/']).describe('What may be blocked; without it `/`. `/api/v1` is all below it too.'),
    reload: argumentList.optional().describe('Runs after the change, and also where it was made already.'),
    ...commandSurroundings,
    probe,
  })
  .refine(({ format, endpoints }) => format !== 'flag' || endpoints.join() === '/', { path: ['endpoints'], message: 'cannot stand in a flag file, which is there or not; write format: json or lines' });
type FileBinding = z.infer<typeof fileTrafficBinding>;

/** Maintenance mode in a file that the service, or what is before it, reads. A reader sees the old file or the new one. */
export function fileTraffic(binding: FileBinding, directory: string, { parameters, values }: TrafficRequest): StateChange {
  const path = resolve(directory, binding.path);
  const { reload } = binding;
  const wanted = wantedEndpoints(parameters, binding.endpoints);
  const store: BlockedEndpoints = {
    place: binding.path,
    read: async () => blockedIn(await readOptionalFile(path), binding),
    edit: (edit, { signal }) => editOptionalFile(path, signal, (text) => textOf(edit(blockedIn(text, binding)), binding)),
    reload: reload === undefined ? undefined : async (effort) => {
      await runProviderCommandWell(reload, { ...binding, directory }, values, effort);
    },
  };
  return blockingChange(parameters.service, store, binding.probe, wanted);
}

function blockedIn(text: string | undefined, { format, path }: FileBinding): readonly string[] {
  if (text === undefined) return [];
  switch (format) {
    case 'flag':
      return ['/'];
    case 'json':
      return pathsInJson(text, path);
    case 'lines':
      return text.split(/\r?\n/).filter((line) => line !== '');
    default:
      return format satisfies never;
  }
}

/** `undefined`: no file. */
function textOf(blocked: readonly string[], { format }: FileBinding): string | undefined {
  switch (format) {
    case 'flag':
      return blocked.length === 0 ? undefined : 'maintenance\n';
    case 'json':
      return `${JSON.stringify(blocked)}\n`;
    case 'lines':
      return blocked.map((endpoint) => `${endpoint}\n`).join('');
    default:
      return format satisfies never;
  }
}

function pathsInJson(text: string, path: string): readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BelayError('provider-refused', `${path} is not JSON: ${(error as Error).message}`);
  }
  const paths = z.array(z.string()).safeParse(json);
  if (paths.success) return paths.data;
  throw new BelayError('provider-refused', `${path} must hold a list of paths, such as ["/api/v1"]`);
}
