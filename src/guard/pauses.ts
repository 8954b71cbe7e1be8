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
