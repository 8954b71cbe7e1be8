import type { DrillEvent, DrillOutcome, DrillSubject } from '../incident/drill-event.js';
import type { JournalEvent } from '../incident/incident-event.js';
import { drillKey } from './drill.js';

/** One run of a drill, as far as it has come. Instants in milliseconds since the epoch. */
export interface PastDrill {
  readonly executionId: string;
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  readonly against?: string | undefined;
  readonly documentedMs?: number | undefined;
  readonly tookMs?: number | undefined;
  /** Absent while it runs. */
  readonly outcome?: DrillOutcome | undefined;
  readonly gaps: readonly string[];
  readonly explanation?: string | undefined;
}

/** All that the journal tells of the drills of one subject. */
export interface DrillRecord {
  readonly subject: DrillSubject;
  readonly last?: PastDrill | undefined;
  /** The last one that says something: neither cancelled nor interrupted. */
  readonly verdict?: PastDrill | undefined;
  readonly lastPassedAt?: number | undefined;
  /** The latest scheduled instant that was begun or skipped. */
  readonly settledDueAt?: number | undefined;
  /** The latest scheduled instant that the team was told of. */
  readonly announcedDueAt?: number | undefined;
}

export type DrillHistory = ReadonlyMap<string, DrillRecord>;

/** The history after one more event of the journal. */
export function applyToDrills(history: DrillHistory, event: JournalEvent): DrillHistory {
  if (!isDrillEvent(event)) return history;
  const key = drillKey(event.drill);
  const record = history.get(key) ?? { subject: event.drill };
  return new Map([...history, [key, afterEvent(record, event)]]);
}

function afterEvent(record: DrillRecord, event: DrillEvent): DrillRecord {
  switch (event.type) {
    case 'drill-announced':
      return { ...record, announcedDueAt: event.dueAt };
    case 'drill-skipped':
      return { ...record, settledDueAt: event.dueAt };
    case 'drill-started': {
      const { executionId, at: startedAt, against, documentedMs, dueAt } = event;
      return { ...record, last: { executionId, startedAt, against, documentedMs, gaps: [] }, settledDueAt: dueAt ?? record.settledDueAt };
    }
    case 'drill-ended': {
      const { executionId, at: endedAt, outcome, gaps, explanation, tookMs } = event;
      if (record.last?.executionId !== executionId) return record;
      const last = { ...record.last, endedAt, outcome, gaps, explanation, tookMs };
      const verdict = outcome === 'passed' || outcome === 'failed' ? last : record.verdict;
      return { ...record, last, verdict, lastPassedAt: outcome === 'passed' ? endedAt : record.lastPassedAt };
    }
    default:
      return event satisfies never;
  }
}

export function isDrillEvent(event: JournalEvent): event is DrillEvent {
  return event.type === 'drill-announced' || event.type === 'drill-started' || event.type === 'drill-ended' || event.type === 'drill-skipped';
}

/** What is doubtful about something that was drilled so, or not at all; `undefined` where all is well. */
export function drillWarning({ kind, name }: DrillSubject, record: Pick<DrillRecord, 'verdict'> | undefined): string | undefined {
  const what = kind === 'plan' ? `plan ${name}` : kind === 'backup' ? `the backup of ${name}` : `communication ${name}`;
  const verdict = record?.verdict;
  if (verdict === undefined) return `${what} was never drilled`;
  if (verdict.outcome !== 'failed') return undefined;
  return `the last drill of ${what} failed: ${verdict.gaps[0] ?? verdict.explanation ?? 'no reason is known'}`;
}
