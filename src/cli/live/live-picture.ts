import type { StatusView, TriggerView } from '../../http/guard-api.js';
import type { Incident } from '../../incident/incident.js';
import type { Heard } from './live-events.js';

/** How everything is, as far as it was heard. */
export interface LivePicture {
  readonly status: StatusView;
  readonly triggers: readonly TriggerView[];
  /** Those that are open, and those that ended while somebody listened. */
  readonly incidents: ReadonlyMap<string, Incident>;
  /** Why nothing is heard at present. */
  readonly disconnected?: string | undefined;
}

/** The picture after one more event; before the first snapshot there is none. */
export function withHeard(picture: LivePicture | undefined, heard: Heard): LivePicture | undefined {
  if (heard.name === 'snapshot') {
    const { status, triggers, incidents } = heard.data;
    return { status, triggers, incidents: new Map(incidents.map((incident) => [incident.id, incident])) };
  }
  if (picture === undefined) return undefined;
  switch (heard.name) {
    case 'status':
      return { ...picture, status: heard.data };
    case 'triggers': {
      const changed = new Map(heard.data.map((trigger) => [keyOf(trigger), trigger]));
      return { ...picture, triggers: picture.triggers.map((trigger) => changed.get(keyOf(trigger)) ?? trigger) };
    }
    case 'incident':
      return { ...picture, incidents: new Map(picture.incidents).set(heard.data.id, heard.data) };
    case 'output':
      return picture;
    case 'ping':
      return { ...picture, status: { ...picture.status, now: heard.data.now } };
    case 'disconnected':
      return { ...picture, disconnected: heard.data };
    default:
      return heard satisfies never;
  }
}

function keyOf({ target, name }: TriggerView): string {
  return JSON.stringify([target, name]);
}
