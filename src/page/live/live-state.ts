import type { StatusView, TriggerView } from '../../http/guard-api.js';
import type { LiveData, StepOutputView } from '../../http/live-api.js';
import type { Incident } from '../../incident/incident.js';

/** How the page hears of the daemon. Instants by the daemon's clock, in milliseconds since the epoch. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `since`: when something was heard last; what is shown is that old. */
  | { readonly kind: 'lost'; readonly since: number | undefined; readonly why: string };

/** All that the daemon has said, as it stands now. */
export interface LiveState {
  readonly connection: Connection;
  readonly status: StatusView | undefined;
  /** By `triggerKey`, in the order of the files. */
  readonly triggers: ReadonlyMap<string, TriggerView>;
  /** Those that are open, and those that have ended while somebody looked. */
  readonly incidents: ReadonlyMap<string, Incident>;
  /** The end of what steps have printed while somebody looked, by `outputKey`. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** One event of `GET /api/v1/events`. A snapshot replaces everything; the others replace what they name. */
export type LiveMessage = { readonly [Name in keyof LiveData]: { readonly name: Name; readonly data: LiveData[Name] } }[keyof LiveData];

export const emptyState: LiveState = { connection: { kind: 'connecting' }, status: undefined, triggers: new Map(), incidents: new Map(), outputs: new Map() };

export function triggerKey({ target, name }: Pick<TriggerView, 'target' | 'name'>): string {
  return `${target}/${name}`;
}

export function outputKey({ executionId, stepKey }: Omit<StepOutputView, 'output'>): string {
  return `${executionId} ${stepKey}`;
}

export function applyLive(state: LiveState, { name, data }: LiveMessage): LiveState {
  switch (name) {
    case 'snapshot':
      return {
        connection: { kind: 'live' },
        status: data.status,
        triggers: new Map(data.triggers.map((trigger) => [triggerKey(trigger), trigger])),
        // One that has ended while the page was cut off is not among them: whoever looks at it asks for it.
        incidents: new Map(data.incidents.map((incident) => [incident.id, incident])),
        outputs: new Map(),
      };
    case 'status':
      return { ...state, status: data };
    case 'triggers': {
      const triggers = new Map(state.triggers);
      for (const trigger of data) triggers.set(triggerKey(trigger), trigger);
      return { ...state, triggers };
    }
    case 'incident':
      return { ...state, incidents: new Map(state.incidents).set(data.id, data) };
    case 'output':
      return { ...state, outputs: new Map(state.outputs).set(outputKey(data), data.output) };
    case 'ping':
      return state;
    default:
      throw new TypeError(`unknown event ${String(name satisfies never)}`);
  }
}

export function asLost(state: LiveState, since: number | undefined, why: string): LiveState {
  return { ...state, connection: { kind: 'lost', since, why } };
}
