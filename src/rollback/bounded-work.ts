import type { Clock } from '../time/clock.js';

export type Settled<T> = { readonly type: 'done'; readonly value: T } | { readonly type: 'threw'; readonly error: unknown };

/** `settled` is absent where the work had not settled within the grace. */
export type WorkEnd<T> = Settled<T> | { readonly type: 'timed-out' | 'cancelled'; readonly settled?: Settled<T> };

export interface WorkBounds<T> {
  readonly timeoutMs: number;
  /** How long the work may take to settle once its signal has aborted. */
  readonly graceMs: number;
  /** The reason that the work's signal gives when the time is over. */
  readonly timeoutError: Error;
  readonly cancel?: AbortSignal | undefined;
  /** Hears of work that settled after it had been given up. */
  readonly onLate?: ((settled: Settled<T>) => void) | undefined;
}

/** Runs `work` until it settles, its time is over or it is cancelled; in the latter two, aborts its signal and waits for it to stop. Never rejects. */
export async function boundedWork<T>(clock: Clock, work: (signal: AbortSignal) => Promise<T>, bounds: WorkBounds<T>): Promise<WorkEnd<T>> {
  const { timeoutMs, graceMs, timeoutError, cancel, onLate } = bounds;
  if (cancel?.aborted === true) return { type: 'cancelled', settled: { type: 'threw', error: cancel.reason } };

  const deadlineAt = clock.now() + timeoutMs;
  const abort = new AbortController();
  const settling = settle(() => work(abort.signal));
  const first = await firstOf(clock, settling, deadlineAt, cancel);
  if (typeof first === 'object') return first;

  const why = first === 'slept' ? 'timed-out' : 'cancelled';
  abort.abort(why === 'timed-out' ? timeoutError : cancel?.reason);
  const settled = await firstOf(clock, settling, clock.now() + graceMs);
  if (typeof settled === 'object') return { type: why, settled };
  if (onLate !== undefined) void settling.then(onLate);
  return { type: why };
}

async function settle<T>(work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { type: 'done', value: await work() };
  } catch (error) {
    return { type: 'threw', error };
  }
}

/** Whichever comes first; leaves no sleeper behind. */
async function firstOf<T>(clock: Clock, settling: Promise<Settled<T>>, until: number, cancel?: AbortSignal): Promise<Settled<T> | 'slept' | 'cancelled'> {
  const over = new AbortController();
  const sleep = clock.sleepUntil(until, cancel === undefined ? over.signal : AbortSignal.any([over.signal, cancel])).then(
    () => 'slept' as const,
    (error: unknown) => {
      if (cancel?.aborted === true || over.signal.aborted) return 'cancelled' as const;
      throw error;
    },
  );
  try {
    return await Promise.race([settling, sleep]);
  } finally {
    over.abort();
  }
}
