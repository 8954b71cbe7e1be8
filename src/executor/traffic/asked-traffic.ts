import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { httpCallSchema, httpReadSchema } from '../calls/http-call.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import { requestValue, sendRequest } from '../calls/send-request.js';
import type { Effort, StateChange } from '../state-executor.js';
import { probe, seenByClients, type Probe } from './probe.js';
import { wishOf, withWord, type TrafficRequest } from './traffic-request.js';
import type { TrafficWish } from './traffic-wish.js';

export const httpTrafficBinding = z.strictObject({
  type: z.literal('http'),
  set: httpCallSchema.describe('Makes the change.'),
  get: httpReadSchema.describe('Reads it: `on` or `off`, a number, `running` or `stopped`, or the status of the incident.'),
  probe,
});
export const commandTrafficBinding = z.strictObject({
  type: z.literal('command'),
  set: argumentList.describe('Makes the change.'),
  get: argumentList.describe('Prints it: `on` or `off`, a number, `running` or `stopped`, or the status of the incident. Only reads.'),
  ...commandSurroundings,
  probe,
});

/** Traffic behind an HTTP API: one request sets what is wanted, another reads it. */
export function httpTraffic(binding: z.infer<typeof httpTrafficBinding>, request: TrafficRequest): StateChange {
  return askedTraffic(request, binding.probe, {
    get: ({ values }, signal) => requestValue(binding.get, values, signal),
    set: async ({ values }, { signal }) => {
      await sendRequest(binding.set, values, signal);
    },
  });
}

/** Traffic behind two commands: `set` changes it, `get` prints what it is. */
export function commandTraffic(binding: z.infer<typeof commandTrafficBinding>, directory: string, request: TrafficRequest): StateChange {
  const place = { ...binding, directory };
  return askedTraffic(request, binding.probe, {
    get: ({ values }, signal) => runProviderCommandWell(binding.get, place, values, { signal }),
    set: async ({ values }, effort) => {
      await runProviderCommandWell(binding.set, place, values, effort);
    },
  });
}

interface AskedTraffic {
  get(request: TrafficRequest, signal: AbortSignal): Promise<unknown>;
  set(request: TrafficRequest, effort: Effort): Promise<void>;
}

function askedTraffic(request: TrafficRequest, probe: Probe | undefined, asked: AskedTraffic): StateChange {
  const { service, maintenance, endpoints } = request.parameters;
  const { wish, word } = wishOf(request.parameters);
  const change: StateChange = {
    subject: `${wish} of ${service}`,
    wanted: word,
    // A worker that was told to stop, or replicas that were told to go, take their time.
    settles: true,
    async read(signal) {
      const actual = wordOf(wish, await asked.get(request, signal));
      return { state: actual === word ? 'applied' : 'not-applied', actual };
    },
    apply: (effort) => asked.set(request, effort),
    restoring(captured) {
      if (typeof captured !== 'string') throw new BelayError('undo-impossible', `${wish} of ${service}: what was there before is not known`);
      return askedTraffic(withWord(request, wish, captured), probe, asked);
    },
  };
  return maintenance === undefined ? change : seenByClients(change, probe, new Map((endpoints ?? ['']).map((endpoint) => [endpoint, maintenance])));
}

const WORDS: Readonly<Record<TrafficWish, (text: string) => string | undefined>> = {
  maintenance: (text) => (['on', 'true', '1', 'enabled'].includes(text) ? 'on' : ['off', 'false', '0', 'disabled'].includes(text) ? 'off' : undefined),
  replicas: (text) => (/^\d+$/.test(text) ? String(Number(text)) : undefined),
  worker: (text) => (['running', 'online', 'active'].includes(text) ? 'running' : ['stopped', 'inactive', 'offline'].includes(text) ? 'stopped' : undefined),
  incident: (text) => (/^[a-z_-]+$/.test(text) ? text : undefined),
};

/** What was printed or answered, in the words of the wish. Throws `provider-refused` where it says something else. */
function wordOf(wish: TrafficWish, answer: unknown): string {
  const text = typeof answer === 'string' ? answer.trim().toLowerCase() : JSON.stringify(answer ?? null);
  const word = WORDS[wish](text);
  if (word !== undefined) return word;
  throw new BelayError('provider-refused', `get said ${JSON.stringify(text.slice(0, 100))}, which says nothing about ${wish}`);
}
