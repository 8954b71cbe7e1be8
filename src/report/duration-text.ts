import { formatDuration } from '../time/duration.js';

/** Whole seconds are enough for people. */
export function durationText(durationMs: number | undefined): string {
  return durationMs === undefined ? '—' : formatDuration(Math.round(durationMs / 1000) * 1000);
}
