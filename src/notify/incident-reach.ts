import { applyToIncident, type Incident } from '../incident/incident.js';
import type { JournalEntry } from '../incident/incident-event.js';
import { severities, type Level, type Severity } from '../trigger/trigger.js';
import type { Message } from './message.js';
import type { IncidentSoFar, Subject } from './routes.js';

/** How far an incident has come: its worst severity and its highest level so far. Neither falls again. */
export interface Reach {
  readonly severity?: Severity | undefined;
  readonly level?: Level | undefined;
}

export function reachOf({ alerts, decisions, approvals, rungs }: Incident): Reach {
  const seen = new Set([...alerts.map(({ evidence }) => evidence), ...decisions.flatMap(({ evidence }) => evidence)].map(({ severity }) => severity));
  const levels = [...decisions, ...approvals, ...rungs].flatMap(({ level }) => level ?? []);
  const severity = severities.find((each) => seen.has(each));
  const level = levels.toSorted((a, b) => b - a)[0];
  return { ...(severity === undefined ? {} : { severity }), ...(level === undefined ? {} : { level }) };
}

/** What decides, besides a message itself, who hears of it. */
export function incidentSoFar(message: Message, past: readonly JournalEntry[]): IncidentSoFar {
  const triggers = past.flatMap(({ event }) => (event.type === 'alert-fired' ? [event.evidence.trigger] : []));
  return { also: formerSubjects(message, past), triggers: [...new Set(triggers)] };
}

/** What a message about the end of an incident would have been to the routes earlier: who was told of it is told that it is over. */
export function formerSubjects({ target, kind }: Message, past: readonly JournalEntry[]): readonly Subject[] {
  const reaches = new Map<string, Reach>();
  let incident: Incident | undefined;
  for (const { event } of past) {
    incident = applyToIncident(incident, event);
    if (incident === undefined) continue;
    const reach = reachOf(incident);
    reaches.set(`${reach.severity ?? ''} ${reach.level ?? ''}`, reach);
  }
  return incident?.endedAt === undefined ? [] : [...reaches.values()].map((reach) => ({ target, kind, ...reach }));
}
