import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import type { Effort, StateChange } from '../state-executor.js';
import type { TrafficRequest } from './traffic-request.js';
import { wantedWorker, workerChange } from './worker-change.js';

export const systemdWorkerBinding = z.strictObject({
  type: z.literal('systemd'),
  unit: z.string().max(255).regex(/^[A-Za-z0-9_:][A-Za-z0-9_:.@\\-]*$/, 'must be the name of a unit, such as sync-worker.service').describe('The unit.'),
  systemctl: argumentList.default(['systemctl']).describe('Without it `systemctl`.'),
  ...commandSurroundings,
});

/** A worker that systemd keeps. `stop` of systemctl waits for its end by itself. */
export function systemdWorker(binding: z.infer<typeof systemdWorkerBinding>, directory: string, { parameters }: TrafficRequest): StateChange {
  const { unit, systemctl } = binding;
  const run = (args: readonly string[], effort: Effort): Promise<string> => runProviderCommandWell([...systemctl, ...args], { ...binding, directory }, undefined, effort);
  const worker = {
    place: `unit ${unit}`,
    async status(effort: Effort) {
      const printed = await run(['show', '--property=LoadState,ActiveState,SubState,MainPID', '--', unit], effort);
      const properties = Object.fromEntries(printed.split('\n').map((line) => line.split(/=(.*)/, 2))) as Readonly<Record<string, string | undefined>>;
      const { LoadState, ActiveState = '', SubState = '', MainPID } = properties;
      if (LoadState !== 'loaded') throw new BelayError('provider-refused', `systemd has no unit ${unit} that could run (LoadState ${LoadState ?? 'unknown'})`);
      if ((ActiveState === 'inactive' || ActiveState === 'failed') && (MainPID ?? '0') === '0') return 'stopped';
      return ActiveState === 'active' && SubState === 'running' ? 'running' : `${ActiveState} (${SubState})`;
    },
    stop: async (effort: Effort) => {
      await run(['stop', '--', unit], effort);
    },
    start: async (effort: Effort) => {
      await run(['start', '--', unit], effort);
    },
  };
  return workerChange(parameters.service, worker, wantedWorker(parameters));
}
