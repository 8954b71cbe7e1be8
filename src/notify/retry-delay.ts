import { SLOWEST_RETRY_MS } from './channel.js';

const FIRST_RETRY_MS = 1_000;
const LONGEST_REQUESTED_MS = 3_600_000;

/**
 * Milliseconds before the next attempt, after `failures` in a row (1 after the first): from a second, doubling, to five
 * minutes, and up to a fifth less by chance (`random` in [0, 1)), so that many senders do not come back together.
 */
export function backOffMs(failures: number, random: number): number {
  const fullMs = Math.min(SLOWEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(fullMs * (1 - random / 5));
}

/** A time that the other side asked for, within reason: never longer than an hour. */
export function requestedMs(afterMs: number): number {
  return Math.min(Math.max(afterMs, 0), LONGEST_REQUESTED_MS);
}

/** Reads a Retry-After header, seconds or a date, as milliseconds from `now`; `undefined` when it is neither. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
