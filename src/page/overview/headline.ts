import type { TargetView } from '../../http/guard-api.js';
import type { IncidentStatus } from '../../incident/incident.js';
import type { LiveState } from '../live/live-state.js';
import { incidentWords } from '../incident/incident-words.js';
import type { Tone } from '../view/tone.js';

export interface Headline {
  readonly tone: Tone;
  readonly text: string;
  /** For the title of the tab. */
  readonly short: string;
}

/** What waits for people, before what Belay is at work on. */
const urgency = ['needs-human', 'awaiting-approval', 'open', 'rolling-back', 'verifying'] as const satisfies readonly IncidentStatus[];

/** The one sentence that says how everything is. */
export function headline({ status, triggers }: Pick<LiveState, 'status' | 'triggers'>): Headline {
  if (status === undefined) return { tone: 'idle', text: 'Nothing is known yet.', short: '…' };
  const { targets, store } = status;
  if (store.state === 'lost') return { tone: 'bad', text: 'Belay has lost its store and can do nothing.', short: '⚠ store lost' };
  const open = openIncidents(targets);
  if (open.length > 0) {
    const parts = urgency.flatMap((state) => {
      const names = open.filter((incident) => incident.status === state).map(({ target }) => target);
      return names.length === 0 ? [] : [{ ...incidentWords[state], names }];
    });
    const text = parts.map(({ names, word }) => `${listText(names)}: ${word}`).join('; ');
    return { tone: parts[0]?.tone ?? 'bad', text: `${text}.`, short: `⚠ ${open.length === 1 ? text : `${open.length} incidents`}` };
  }
  const firing = targets.filter(({ alerts }) => alerts.firing > 0).map(({ name }) => name);
  if (firing.length > 0) return { tone: 'bad', text: `${listText(firing)}: firing.`, short: `⚠ ${listText(firing)}` };
  const unseen = [...triggers.values()].filter(({ health }) => health === 'err');
  if (unseen.length > 0) {
    const all = unseen.length === triggers.size;
    return { tone: 'blind', text: all ? 'Belay is blind: no trigger sees anything.' : `Belay is partly blind: ${unseen.length} of ${triggers.size} triggers see nothing.`, short: '⚠ blind' };
  }
  const pending = targets.filter(({ alerts }) => alerts.pending > 0).map(({ name }) => name);
  if (pending.length > 0) return { tone: 'warn', text: `${listText(pending)}: a breach is pending; its window is filling up.`, short: `pending: ${listText(pending)}` };
  if (triggers.size === 0) return { tone: 'idle', text: 'Nothing is watched: there are no triggers.', short: 'nothing watched' };
  const waiting = [...triggers.values()].filter(({ health }) => health === 'unknown').length;
  if (waiting > 0) return { tone: 'idle', text: `${waiting} of ${triggers.size} triggers have not been looked at yet.`, short: '…' };
  return { tone: 'ok', text: targets.length === 1 ? `${targets[0]?.name ?? ''} is well.` : `All ${targets.length} targets are well.`, short: 'all well' };
}

/** The open incidents, the most urgent first. */
export function openIncidents(targets: readonly TargetView[]): readonly { readonly id: string; readonly status: IncidentStatus; readonly target: string }[] {
  const open = targets.flatMap(({ name, openIncident }) => (openIncident === undefined ? [] : [{ ...openIncident, target: name }]));
  return urgency.flatMap((state) => open.filter(({ status }) => status === state));
}

const MOST_NAMES = 3;

function listText(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(', ');
  return `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`;
}
