/**
 * Slots are the multiples of an interval since the epoch: every daemon, and the same daemon after a restart, asks its
 * questions about the same instants. Instants and intervals in whole milliseconds.
 */
export function slotAtOrBefore(at: number, intervalMs: number): number {
  return Math.floor(at / intervalMs) * intervalMs;
}

/** The first slot later than `at`. */
export function slotAfter(at: number, intervalMs: number): number {
  return slotAtOrBefore(at, intervalMs) + intervalMs;
}
