import { formatDuration } from '../time/duration.js';

/** `2026-01-01 03:04:05 UTC`: an instant in milliseconds since the epoch, as people read it anywhere in the world. */
export function readableInstant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `4m12s`: the time between two instants, to the second. Clocks that were stepped give `0s`, never a negative time. */
export function readableSpan(fromAt: number, toAt: number): string {
  return formatDuration(Math.max(0, Math.round((toAt - fromAt) / 1000) * 1000));
}
