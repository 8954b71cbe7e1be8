import { foldIncident, type Incident, type Rung } from '../incident/incident.js';
import type { JournalEntry } from '../incident/incident-event.js';
import type { Level } from '../trigger/trigger.js';
import type { CustomerKind } from './default-templates.js';
import type { Message } from './message.js';
import { placeholderValues } from './placeholder-values.js';
import { placeholdersFor, type PlaceholderValues } from './placeholders.js';
import { defaultWording, wordedForCustomers, type Wording } from './wording.js';

/** What customers are told of. */
export interface CustomerRules {
  /** Rollbacks of lower levels are nothing that customers notice. */
  readonly fromLevel: Level;
  /** What customers call a target; its own name where none is given. */
  readonly services: Readonly<Record<string, string>>;
}

/**
 * What one journal line tells customers: that a rollback of a level that they notice has begun (once in an incident),
 * and, where they know of that, that people go on working on it, and its end. Nothing of a dry run, and nothing that is
 * known inside only.
 */
export function composeForCustomers({ event }: JournalEntry, past: readonly JournalEntry[], { fromLevel, services }: CustomerRules, wording: Wording = defaultWording): Message | undefined {
  if (!('incidentId' in event) || event.incidentId === undefined) return undefined;
  const incident = foldIncident(past);
  if (incident === undefined) return undefined;
  const [first] = incident.rungs.filter(({ begun, mode, level, undoes }) => begun && mode === 'enforce' && undoes === undefined && level !== undefined && level >= fromLevel);
  const kind = first === undefined ? undefined : kindOf(event, first);
  if (first === undefined || kind === undefined) return undefined;
  const service = services[incident.target] ?? incident.target;
  return {
    kind: kind === 'closed' ? 'guard' : kind,
    tone: kind === 'rollback-started' ? 'working' : kind === 'needs-human' ? 'bad' : 'good',
    audience: 'customer',
    incidentId: incident.id,
    dryRun: false,
    ...wordedForCustomers(kind, { ...forCustomers(event.at, incident, first), service }, wording),
    facts: [],
  };
}

function kindOf(event: JournalEntry['event'], first: Rung): CustomerKind | undefined {
  switch (event.type) {
    case 'rollback-started':
      return event.executionId === first.executionId ? 'rollback-started' : undefined;
    case 'needs-human':
      return 'needs-human';
    case 'incident-recovered':
      return 'recovered';
    case 'incident-closed':
      return 'closed';
    default:
      return undefined;
  }
}

function forCustomers(at: number, incident: Incident, rung: Rung): PlaceholderValues {
  const nothing: Message = { kind: 'guard', tone: 'neutral', dryRun: false, title: '', text: '', facts: [] };
  const known = new Set<string>(placeholdersFor('customer'));
  return Object.fromEntries(Object.entries(placeholderValues(nothing, at, incident, rung)).filter(([name]) => known.has(name)));
}
