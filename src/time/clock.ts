/** The only way that product code learns the time or waits. Loops hold one; pure code is handed instants. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /**
   * Resolves once `now()` has reached `at` (milliseconds since the epoch), at once when it already has.
   * Rejects with the signal's reason when the signal aborts first.
   */
  sleepUntil(at: number, signal?: AbortSignal): Promise<void>;
}

/** Timers hold at most a signed 32-bit count of milliseconds; longer waits are walked in pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleepUntil(at, signal) {
    signal?.throwIfAborted();
    // A timer may fire a millisecond early, and the wall clock may be stepped, so the instant is checked again.
    for (let leftMs = at - Date.now(); leftMs > 0; leftMs = at - Date.now()) {
      await waitMs(Math.min(leftMs, LONGEST_TIMER_MS), signal);
    }
  },
};

function waitMs(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
