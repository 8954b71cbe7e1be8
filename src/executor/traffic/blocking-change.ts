import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { Effort, StateChange } from '../state-executor.js';
import { seenByClients, type Probe } from './probe.js';
import type { TrafficRequest } from './traffic-request.js';

/** Where it is kept which endpoints are blocked. */
export interface BlockedEndpoints {
  /** For people: `maintenance.json`. */
  readonly place: string;
  read(signal: AbortSignal): Promise<readonly string[]>;
  /** Replaces what is there by what `edit` makes of it. */
  edit(edit: (blocked: readonly string[]) => readonly string[], effort: Effort): Promise<void>;
  readonly reload?: ((effort: Effort) => Promise<void>) | undefined;
}

const capturedSchema = z.strictObject({ blocked: z.array(z.string()) });

/** The endpoints that a step means: those that it names, which the binding must know, or all that the binding has. */
export function wantedEndpoints({ maintenance, endpoints }: TrafficRequest['parameters'], known: readonly string[]): ReadonlyMap<string, boolean> {
  if (maintenance === undefined) throw new BelayError('parameter-invalid', 'this entry of traffic takes maintenance: true or false');
  const stranger = endpoints?.find((endpoint) => !known.includes(endpoint));
  if (stranger !== undefined) throw new BelayError('parameter-invalid', `${stranger} is not one of the binding's endpoints; they are ${known.join(', ')}`);
  return new Map((endpoints ?? known).map((endpoint) => [endpoint, maintenance]));
}

/** Some endpoints blocked or opened, and seen to be so where there is a probe; all others stay as they are. */
export function blockingChange(service: string, store: BlockedEndpoints, probe: Probe | undefined, wanted: ReadonlyMap<string, boolean>): StateChange {
  const { reload } = store;
  const endpoints = [...wanted.keys()];
  const among = (blocked: readonly string[]): string[] => endpoints.filter((endpoint) => blocked.includes(endpoint));
  const change: StateChange = {
    subject: `traffic of ${service} at ${endpoints.join(', ')} (${store.place})`,
    wanted: textOf(endpoints.filter((endpoint) => wanted.get(endpoint)), endpoints),
    async read(signal) {
      const blocked = among(await store.read(signal));
      const isAsWanted = endpoints.every((endpoint) => blocked.includes(endpoint) === wanted.get(endpoint));
      return { state: isAsWanted ? 'applied' : 'not-applied', actual: textOf(blocked, endpoints) };
    },
    apply: (effort) =>
      store.edit((blocked) => [...blocked.filter((endpoint) => !wanted.has(endpoint)), ...endpoints.filter((endpoint) => wanted.get(endpoint))], effort),
    follow: reload,
    async capture(signal) {
      return { blocked: among(await store.read(signal)) };
    },
    restoring(captured) {
      const { blocked } = capturedSchema.parse(captured);
      return blockingChange(service, store, probe, new Map(endpoints.map((endpoint) => [endpoint, blocked.includes(endpoint)])));
    },
  };
  return seenByClients(change, probe, wanted);
}

function textOf(blocked: readonly string[], endpoints: readonly string[]): string {
  if (blocked.length === 0) return 'open';
  return blocked.length === endpoints.length ? 'blocked' : `blocked at ${blocked.join(', ')} only`;
}
