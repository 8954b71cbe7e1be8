import type { Rung } from '../incident/incident.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';

/** A person's stop: of one target, or of all where `target` is absent. Instants in milliseconds since the epoch. */
export interface Pause {
  readonly id: string;
  readonly target?: string | undefined;
  readonly by: string;
  readonly reason: string;
  readonly since: number;
  readonly until?: number | undefined;
}

export const pauseEventTypes = ['paused', 'resumed'] as const satisfies readonly JournalEvent['type'][];

/** The pauses after one more event. */
export function applyToPauses(pauses: readonly Pause[], event: JournalEvent): readonly Pause[] {
  if (event.type === 'resumed') return pauses.filter((pause) => pause.id !== event.pauseId);
  if (event.type !== 'paused') return pauses;
  const { pauseId: id, target, by, reason, at: since, until } = event;
  return [...pauses, { id, target, by, reason, since, until }];
}

export function foldPauses(entries: readonly JournalEntry[]): readonly Pause[] {
  return entries.reduce<readonly Pause[]>((pauses, { event }) => applyToPauses(pauses, event), []);
}

/** The pauses that hold a target back now. */
export function activePauses(pauses: readonly Pause[], target: string, now: number): readonly Pause[] {
  return pauses.filter((pause) => (pause.target === undefined || pause.target === target) && (pause.until === undefined || pause.until > now));
}

/** `paused by ana: a release`. */
export function pauseWords({ by, reason }: Pick<Pause, 'by' | 'reason'>): string {
  return `paused by ${by}: ${reason}`;
}

/** Every pause that there has been, each until it really ended. */
export function pauseHistory(entries: readonly JournalEntry[]): readonly Pause[] {
  return entries.reduce<readonly Pause[]>((pauses, { event }) => {
    if (event.type !== 'resumed') return applyToPauses(pauses, event);
    return pauses.map((pause) => (pause.id === event.pauseId ? { ...pause, until: Math.min(pause.until ?? Infinity, event.at) } : pause));
  }, []);
}

/** Of all pauses, the one that has stopped a rung for good, whether it lasts or not: a person who starts a plan does so in spite of those that are there. */
export function pauseThatStopped(pauses: readonly Pause[], target: string, { startedAt, trigger }: Pick<Rung, 'startedAt' | 'trigger'>): Pause | undefined {
  return pauses.find((pause) => (pause.target === undefined || pause.target === target) && (pause.since > startedAt || (trigger === 'automatic' && (pause.until ?? Infinity) > startedAt)));
}
