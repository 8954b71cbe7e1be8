import { formatDuration } from '../time/duration.js';

/** `2026-01-01 03:04:05 UTC`: an instant in milliseconds since the epoch, as people read it anywhere in the world. */
export function readableInstant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `4m12s`: the time between two instants, to the second. Clocks that were stepped give `0s`, never a negative time. */
export function readableSpan(fromAt: number, toAt: number): string {
  return formatDuration(Math.max(0, Math.round((toAt - fromAt) / 1000) * 1000));
}

/** `10 minutes`, `about 2 hours`: for people who do not read `2h5m`. */
export function spanInWords(fromAt: number, toAt: number): string {
  const minutes = Math.max(1, Math.ceil(Math.max(0, toAt - fromAt) / 60_000));
  if (minutes < 90) return minutes === 1 ? 'a minute' : `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `about ${hours} hours` : `about ${Math.round(hours / 24)} days`;
}
