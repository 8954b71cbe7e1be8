import { instantText } from '../../time/instant-text.js';
import type { TriggerView } from '../../http/guard-api.js';
import { alertStateText } from '../alert-state-text.js';
import type { LivePicture } from './live-picture.js';

type AlertState = { readonly subject: string; readonly state: string; readonly value?: string | undefined };

/** What is new in a picture, a line each, for a log: states that changed, not every value. */
export function liveChanges(before: LivePicture, after: LivePicture, summaryOf: (picture: LivePicture) => readonly string[]): readonly string[] {
  const known = alertStates(before.triggers);
  const told = new Set(summaryOf(before));
  const at = instantText(after.status.now);
  const alerts = [...alertStates(after.triggers)].flatMap(([key, { subject, state, value }]) => {
    const was = known.get(key)?.state;
    return was === state || (was === undefined && state === 'inactive') ? [] : [`${at}  ${subject}: ${was ?? 'new'} → ${state}${value === undefined ? '' : `, ${value}`}`];
  });
  const incidents = [...after.incidents.values()].flatMap(({ id, target, status }) => (before.incidents.get(id)?.status === status ? [] : [`${at}  ${target}: incident ${id} is ${status}`]));
  return [...alerts, ...incidents, ...summaryOf(after).filter((line) => line !== '' && !told.has(line)).map((line) => `${at}  ${line.trim()}`)];
}

function alertStates(triggers: readonly TriggerView[]): ReadonlyMap<string, AlertState> {
  return new Map(
    triggers.flatMap(({ target, name, alerts }) =>
      alerts.map(({ fingerprint, labels, state, health, value }): [string, AlertState] => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
        const subject = `${target} ${name}${pairs.length === 0 ? '' : `{${pairs.join(', ')}}`}`;
        return [fingerprint, { subject, state: alertStateText({ health, state, value }), value }];
      }),
    ),
  );
}
