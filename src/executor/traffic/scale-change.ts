import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { Effort, StateChange } from '../state-executor.js';
import type { TrafficRequest } from './traffic-request.js';

/** Something that runs so many times. */
export interface Replicas {
  /** For people: `deployment shop/web`. */
  readonly place: string;
  /** How many are declared, and how many really run or are about to end; `problem` where those that run are not all ready. */
  count(signal: AbortSignal): Promise<{ readonly declared: number; readonly running: number; readonly problem?: string | undefined }>;
  scale(replicas: number, effort: Effort): Promise<void>;
}

export function wantedReplicas({ replicas }: TrafficRequest['parameters']): number {
  if (replicas !== undefined) return replicas;
  throw new BelayError('parameter-invalid', 'this entry of traffic takes replicas: a number');
}

/** A number of replicas, declared and really there: zero means that the last of them has ended. */
export function scaleChange(service: string, replicas: Replicas, wanted: number): StateChange {
  return {
    subject: `replicas of ${service} (${replicas.place})`,
    wanted,
    settles: true,
    async read(signal) {
      const { declared, running, problem } = await replicas.count(signal);
      if (declared !== wanted) return { state: 'not-applied', actual: declared };
      if (running !== wanted) return { state: 'not-applied', problem: `${running} running` };
      return problem === undefined ? { state: 'applied', actual: declared } : { state: 'not-applied', problem };
    },
    apply: (effort) => replicas.scale(wanted, effort),
    capture: async (signal) => (await replicas.count(signal)).declared,
    restoring: (captured) => scaleChange(service, replicas, z.int().min(0).parse(captured)),
  };
}
