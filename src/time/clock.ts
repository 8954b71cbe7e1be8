/** The only way that product code learns the time or waits. Loops hold one; pure code is handed instants. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /**
   * Milliseconds since some instant of this process. Unlike `now()` nobody can set it, so it is what durations are
   * counted by; it says nothing about another process.
   */
  elapsedMs(): number;
  /**
   * Resolves once `now()` has reached `at` (milliseconds since the epoch), at once when it already has.
   * When the clock is set back meanwhile, it resolves after as long as there was left when it was called, so that no
   * loop sleeps through the hours that the clock repeats: who needs the instant itself compares with `now()` again.
   * Rejects with the signal's reason when the signal aborts first.
   */
  sleepUntil(at: number, signal?: AbortSignal): Promise<void>;
}

/** Timers hold at most a signed 32-bit count of milliseconds; longer waits are walked in pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Wall clock and timers never agree to the millisecond; a difference beyond this is a clock that was set back. */
const SET_BACK_MS = 1_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  async sleepUntil(at, signal) {
    signal?.throwIfAborted();
    const timerEndsAt = performance.now() + (at - Date.now());
    // A timer may fire a millisecond early, and the wall clock may be stepped, so both are looked at again.
    for (;;) {
      const wallLeftMs = at - Date.now();
      const timerLeftMs = timerEndsAt - performance.now();
      const leftMs = wallLeftMs - timerLeftMs > SET_BACK_MS ? timerLeftMs : wallLeftMs;
      if (leftMs <= 0) return;
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
