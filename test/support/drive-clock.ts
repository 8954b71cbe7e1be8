import type { FakeClock } from './fake-clock.js';

/** Moves the clock on until the promise has settled, and gives what it settled with. */
export async function driveClock<T>(clock: FakeClock, promise: Promise<T>, stepMs = 1_000): Promise<T> {
  const settled = new AbortController();
  const end = (): void => settled.abort();
  promise.then(end, end);
  for (let turn = 0; !settled.signal.aborted; turn += 1) {
    if (turn > 10_000) throw new Error('what the clock was driven for does not settle');
    await clock.advance(turn === 0 ? 0 : stepMs);
  }
  return promise;
}
