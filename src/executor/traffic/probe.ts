import { setTimeout as waitMs } from 'node:timers/promises';
import { z } from 'zod';
import { errorText } from '../../fault/belay-error.js';
import { httpUrl } from '../calls/http-call.js';
import { sendRequest } from '../calls/send-request.js';
import type { StateChange } from '../state-executor.js';

const status = z.int().min(100).max(599);
/** A server that reloads answers with its old workers beside the new ones for a moment: nginx for 100 ms. */
const SECOND_LOOK_MS = 250;
const BELOW_500 = Array.from({ length: 300 }, (_, index) => 200 + index);

/** A look at the service as its clients have it: GET of `url`, to which the path of each endpoint is added. */
const probeSchema = z.strictObject({
  url: httpUrl.describe('Asked with GET, with the path of each endpoint added to it.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent with it.'),
  blocked: status.default(503).describe('What an endpoint that is blocked answers.'),
  open: z.union([status, z.array(status).min(1)]).default(BELOW_500).describe('What one that is open answers; without it anything below 500.'),
}).meta({ title: 'probe' });
/** The key of a binding. */
export const probe = probeSchema.optional().describe('Whether clients see it as well.');
export type Probe = z.infer<typeof probeSchema>;

/** A change that counts as made only when clients see it; what they see may take a moment. */
export function seenByClients(change: StateChange, probe: Probe | undefined, wanted: ReadonlyMap<string, boolean>): StateChange {
  if (probe === undefined) return change;
  return {
    ...change,
    settles: true,
    async read(signal) {
      const reading = await change.read(signal);
      if (reading.state !== 'applied') return reading;
      const problem = (await seenOtherwise(probe, wanted, signal)) ?? (await waitMs(SECOND_LOOK_MS, undefined, { signal }).then(() => seenOtherwise(probe, wanted, signal)));
      return problem === undefined ? reading : { state: 'not-applied', problem: `clients see otherwise: ${problem}` };
    },
  };
}

async function seenOtherwise(probe: Probe, wanted: ReadonlyMap<string, boolean>, signal: AbortSignal): Promise<string | undefined> {
  for (const [path, isBlocked] of wanted) {
    const problem = await seenOtherwiseAt(probe, path, isBlocked, signal);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

async function seenOtherwiseAt({ url, headers, blocked, open }: Probe, path: string, isBlocked: boolean, signal: AbortSignal): Promise<string | undefined> {
  try {
    await sendRequest({ method: 'GET', url: `${url.replace(/\/$/, '')}${path}`, headers, expectStatus: isBlocked ? blocked : open }, undefined, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return errorText(error);
  }
}
