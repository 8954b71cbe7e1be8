import { BelayError } from '../../fault/belay-error.js';
import type { Effort, StateChange } from '../state-executor.js';
import type { TrafficRequest } from './traffic-request.js';

/** A process that works on its own: a queue's consumer, a synchronisation. */
export interface Worker {
  /** For people: `pm2 process sync-worker`. */
  readonly place: string;
  /** `stopped` only when nothing of it runs; otherwise in the words of what keeps it. */
  status(effort: Effort): Promise<string>;
  stop(effort: Effort): Promise<void>;
  start(effort: Effort): Promise<void>;
}

export type WorkerState = 'stopped' | 'running';

export function wantedWorker({ worker }: TrafficRequest['parameters']): WorkerState {
  if (worker !== undefined) return worker;
  throw new BelayError('parameter-invalid', 'this entry of traffic takes worker: stopped or running');
}

/** A worker stopped or started, and seen to be so. */
export function workerChange(service: string, worker: Worker, wanted: WorkerState): StateChange {
  return {
    subject: `worker ${service} (${worker.place})`,
    wanted,
    settles: true,
    async read(signal) {
      const status = await worker.status({ signal });
      return { state: status === wanted ? 'applied' : 'not-applied', actual: status };
    },
    apply: (effort) => (wanted === 'stopped' ? worker.stop(effort) : worker.start(effort)),
    restoring(captured) {
      if (captured === 'stopped' || captured === 'running') return workerChange(service, worker, captured);
      throw new BelayError('undo-impossible', `worker ${service} was neither stopped nor running before, but ${String(captured)}`);
    },
  };
}
