import type { IncidentStatus } from '../incident/incident.js';
import { applyToIncident, type Incident } from '../incident/incident.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import { composeMessages } from '../notify/compose-messages.js';
import type { ScenarioRun } from './run-scenario.js';
import type { Subject } from './scenario.js';

/** Something of a kind that expectations are about: when, to which target, and what tells it from others, as text. */
export interface Occurrence {
  readonly at: number;
  readonly target?: string | undefined;
  readonly fields: Readonly<Record<string, string | undefined>>;
}

type EventSubject = Exclude<Subject['kind'], 'alert' | 'incident'>;

/** Everything of one kind that happened in a run, oldest first. */
export function occurrencesOf(kind: EventSubject, { entries }: ScenarioRun): readonly Occurrence[] {
  switch (kind) {
    case 'decision':
      return eventsOf(entries, 'decision-made').map(({ at, target, decision }) => {
        const { kind: what, reason, level, planId, mode } = decision;
        return { at, target, fields: { kind: what, reason, level: level?.toString(), plan: planId, mode } };
      });
    case 'rollback': {
      const ends = new Map(eventsOf(entries, 'rollback-ended').map(({ executionId, outcome }) => [executionId, outcome]));
      return eventsOf(entries, 'rung-started').map(({ at, target, level, planId, mode, executionId }) => ({
        at, target, fields: { level: level?.toString(), plan: planId, outcome: ends.get(executionId) ?? 'under way', mode },
      }));
    }
    case 'verification':
      return eventsOf(entries, 'verification-ended').map(({ at, target, result }) => ({ at, target, fields: { outcome: result.outcome } }));
    case 'needsHuman':
      return eventsOf(entries, 'needs-human').map(({ at, target, reason }) => ({ at, target, fields: { reason } }));
    case 'message':
      return messagesOf(entries);
    default:
      return kind satisfies never;
  }
}

/** Each status of the target's incidents (or of all targets'), as it begins. */
export function statusesOf({ entries }: ScenarioRun, target: string | undefined): readonly { readonly at: number; readonly status: IncidentStatus }[] {
  const incidents = new Map<string, Incident>();
  const statuses: { at: number; status: IncidentStatus }[] = [];
  for (const { event } of entries) {
    const id = 'incidentId' in event ? event.incidentId : undefined;
    if (id === undefined) continue;
    const before = incidents.get(id);
    const after = applyToIncident(before, event);
    if (after === undefined || (target !== undefined && after.target !== target)) continue;
    incidents.set(id, after);
    if (before?.status !== after.status) statuses.push({ at: event.at, status: after.status });
  }
  return statuses;
}

/** What people would have been told, by the product's own words. */
function messagesOf(entries: readonly JournalEntry[]): readonly Occurrence[] {
  const pasts = new Map<string, JournalEntry[]>();
  return entries.flatMap((entry) => {
    const { event } = entry;
    const id = ('incidentId' in event ? event.incidentId : undefined) ?? ('executionId' in event ? event.executionId : undefined);
    const past = id === undefined ? [] : (pasts.get(id) ?? []);
    if (id !== undefined) pasts.set(id, past);
    past.push(entry);
    return composeMessages(entry, past).map(({ kind, target }): Occurrence => ({ at: event.at, target, fields: { kind } }));
  });
}

function eventsOf<T extends JournalEvent['type']>(entries: readonly JournalEntry[], type: T): readonly Extract<JournalEvent, { type: T }>[] {
  return entries.flatMap(({ event }) => (event.type === type ? [event as Extract<JournalEvent, { type: T }>] : []));
}
