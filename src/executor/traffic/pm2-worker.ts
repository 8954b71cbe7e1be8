import { z } from 'zod';
import { plainText } from '../calls/command-line.js';
import { isStopped, Pm2Control, pm2Settings } from '../deployment/pm2-control.js';
import type { StateChange } from '../state-executor.js';
import type { TrafficRequest } from './traffic-request.js';
import { wantedWorker, workerChange } from './worker-change.js';

export const pm2WorkerBinding = z.strictObject({ type: z.literal('pm2'), ...pm2Settings, process: plainText.min(1).describe('The name of the process.') });

/** A worker that pm2 keeps. */
export function pm2Worker(binding: z.infer<typeof pm2WorkerBinding>, directory: string, { parameters }: TrafficRequest): StateChange {
  const control = new Pm2Control(binding, directory);
  const name = binding.process;
  const worker = {
    place: `pm2 process ${name}`,
    async status(effort: { readonly signal: AbortSignal }) {
      const processes = await control.processesOf(name, effort);
      if (processes.every(isStopped)) return 'stopped';
      return processes.every(({ status }) => status === 'online') ? 'running' : processes.map(({ status }) => status).join(', ');
    },
    stop: (effort: { readonly signal: AbortSignal }) => control.stop(name, effort),
    start: (effort: { readonly signal: AbortSignal }) => control.start(name, effort),
  };
  return workerChange(parameters.service, worker, wantedWorker(parameters));
}
