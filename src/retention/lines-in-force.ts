import type { ChangeMarker } from '../guard/change-marker.js';
import { drillKey } from '../drill/drill.js';
import { applyToDrills, type DrillHistory, isDrillEvent } from '../drill/drill-history.js';
import { Changes } from '../guard/changes.js';
import { Fleet } from '../guard/fleet.js';
import { markersInForce } from '../guard/markers-in-force.js';
import { pauseHistory } from '../guard/pauses.js';
import type { DrillEvent } from '../incident/drill-event.js';
import type { JournalEntry } from '../incident/incident-event.js';

export interface MarkerLines {
  /** Lines that make a change marker which says nothing any more, and are of no incident. */
  readonly spent: readonly number[];
  /** Executions whose version still counts: the lines of their start and end must stay. */
  readonly executions: ReadonlySet<string>;
}

/**
 * Which lines of change markers older than `before` are still needed. `entries`: all that are left of their types, in
 * order; `staying`: executions that stay in any case, with the marker that they make.
 */
export async function markerLinesInForce(entries: AsyncIterable<JournalEntry>, before: number, staying: ReadonlySet<string>): Promise<MarkerLines> {
  const changes = new Changes();
  const lineOf = new Map<ChangeMarker, number>();
  for await (const { seq, event } of entries) {
    const known = changes.markers.length;
    changes.note(event);
    const added = changes.markers[known];
    if (added !== undefined && event.type === 'change-marked') lineOf.set(added, seq);
  }
  const inForce = new Set(markersInForce(changes.markers, before, ({ kind, by }) => kind === 'rollback' && staying.has(by)));
  return {
    spent: [...lineOf].flatMap(([marker, seq]) => (inForce.has(marker) ? [] : [seq])),
    executions: new Set([...inForce].flatMap(({ kind, by }) => (kind === 'rollback' ? [by] : []))),
  };
}

/** Incidents that keep a budget tripped which nobody has reset. `entries`: old lines of the ledger, in order. */
export async function incidentsThatTrip(entries: AsyncIterable<JournalEntry>): Promise<ReadonlySet<string>> {
  const fleet = new Fleet();
  const holders = new Map<string, string>();
  const keyOf = ({ target, mode }: { readonly target: string; readonly mode: string }): string => JSON.stringify([target, mode]);
  for await (const { event } of entries) {
    const before = new Set(fleet.ledger.tripped.map(keyOf));
    fleet.note(event);
    const after = fleet.ledger.tripped.map(keyOf);
    for (const key of before) if (!after.includes(key)) holders.delete(key);
    for (const key of after) if (!before.has(key) && 'incidentId' in event && event.incidentId !== undefined) holders.set(key, event.incidentId);
  }
  return new Set(holders.values());
}

export interface SpentDrills {
  /** Lines of no run: what was announced, and what was not held. */
  readonly lines: readonly number[];
  /** Execution ids of runs from which nothing is known of how their drill stands. */
  readonly runs: readonly string[];
}

/** What is older than `before` of drills and says nothing any more. `entries`: all that are left of their types, in order. */
export async function spentDrills(entries: AsyncIterable<JournalEntry>, before: number): Promise<SpentDrills> {
  let history: DrillHistory = new Map();
  const known: { readonly seq: number; readonly event: DrillEvent }[] = [];
  for await (const { seq, event } of entries) {
    if (!isDrillEvent(event)) continue;
    history = applyToDrills(history, event);
    known.push({ seq, event });
  }
  const inForce = known.filter(({ event }) => saysHowItStands(event, history));
  const kept = new Set(inForce.flatMap(({ event }) => ('executionId' in event ? [event.executionId] : [])));
  const old = known.filter(({ event }) => event.at < before);
  const young = new Set(known.flatMap(({ event }) => ('executionId' in event && event.at >= before ? [event.executionId] : [])));
  return {
    lines: old.flatMap((line) => ('executionId' in line.event || inForce.includes(line) ? [] : [line.seq])),
    runs: [...new Set(old.flatMap(({ event }) => ('executionId' in event && !kept.has(event.executionId) && !young.has(event.executionId) ? [event.executionId] : [])))],
  };
}

function saysHowItStands(event: DrillEvent, history: DrillHistory): boolean {
  const record = history.get(drillKey(event.drill));
  switch (event.type) {
    case 'drill-announced':
      return event.dueAt === record?.announcedDueAt;
    case 'drill-skipped':
      return event.dueAt === record?.settledDueAt;
    case 'drill-started':
      return event.executionId === record?.last?.executionId || (event.dueAt !== undefined && event.dueAt === record?.settledDueAt);
    case 'drill-ended':
      return event.executionId === record?.verdict?.executionId || (event.outcome === 'passed' && event.at === record?.lastPassedAt);
    default:
      return event satisfies never;
  }
}

/** All lines but the newest of each source, or of each target and of all targets together. */
export async function allButNewest(entries: AsyncIterable<JournalEntry>): Promise<readonly number[]> {
  const newest = new Map<string, number>();
  const older: number[] = [];
  for await (const { seq, event } of entries) {
    const key = JSON.stringify(['source' in event ? event.source : null, 'target' in event ? (event.target ?? null) : null]);
    const known = newest.get(key);
    if (known !== undefined) older.push(known);
    newest.set(key, seq);
  }
  return older;
}

/** The lines of pauses that ended before an instant (milliseconds since the epoch), each pause with its end. */
export async function linesOfEndedPauses(entries: AsyncIterable<JournalEntry>, before: number): Promise<readonly number[]> {
  const all: JournalEntry[] = [];
  for await (const entry of entries) all.push(entry);
  const ended = new Set(pauseHistory(all).flatMap(({ id, until }) => (until !== undefined && until < before ? [id] : [])));
  const begun = new Set(all.flatMap(({ event }) => (event.type === 'paused' ? [event.pauseId] : [])));
  return all.flatMap(({ seq, event }) => ('pauseId' in event && (ended.has(event.pauseId) || !begun.has(event.pauseId)) ? [seq] : []));
}
