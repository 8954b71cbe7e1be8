import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings, filePath } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import type { Effort, StateChange } from '../state-executor.js';
import { scaleChange, wantedReplicas } from './scale-change.js';
import type { TrafficRequest } from './traffic-request.js';

const composeName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be a name in Docker Compose');

export const composeScaleBinding = z.strictObject({
  type: z.literal('compose'),
  composeService: composeName.describe('The service in the compose file.'),
  file: filePath.optional().describe('`--file`'),
  project: composeName.optional().describe('`--project-name`'),
  compose: argumentList.default(['docker', 'compose']).describe('Without it `docker compose`.'),
  ...commandSurroundings,
});

const containerSchema = z.object({ Name: z.string(), State: z.string() });

/** The containers of one service of Docker Compose. */
export function composeScale(binding: z.infer<typeof composeScaleBinding>, directory: string, { parameters }: TrafficRequest): StateChange {
  const { composeService, compose, file, project } = binding;
  const run = (args: readonly string[], effort: Effort): Promise<string> => {
    const which = [...(file === undefined ? [] : ['--file', resolve(directory, file)]), ...(project === undefined ? [] : ['--project-name', project])];
    return runProviderCommandWell([...compose, ...which, ...args], { ...binding, directory }, undefined, effort);
  };
  const replicas = {
    place: `compose service ${composeService}`,
    async count(signal: AbortSignal) {
      const containers = containersIn(await run(['ps', '--all', '--format', 'json', composeService], { signal }));
      const running = containers.filter(({ State }) => ['running', 'restarting', 'paused', 'removing'].includes(State)).length;
      return { declared: running, running };
    },
    async scale(wanted: number, effort: Effort) {
      await run(['up', '--detach', '--no-deps', '--no-recreate', '--scale', `${composeService}=${wanted}`, composeService], effort);
    },
  };
  return scaleChange(parameters.service, replicas, wantedReplicas(parameters));
}

/** Compose v2 prints a JSON list (before 2.21), or an object per line. */
function containersIn(printed: string): z.infer<typeof containerSchema>[] {
  try {
    const json: unknown = printed.startsWith('[') ? JSON.parse(printed) : printed.split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown);
    return z.array(containerSchema).parse(json);
  } catch {
    throw new BelayError('command-failed', 'docker compose ps did not print its containers as JSON');
  }
}
