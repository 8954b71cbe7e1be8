import type { Clock } from '../../src/time/clock.js';

interface Sleeper {
  at: number;
  wake: () => void;
}

/**
 * A clock that moves only when told. `advanceTo` wakes sleepers in the order of their instants, and lets the promises
 * that each wakes up run before it goes on, so that loops behave as they would in real time.
 */
export class FakeClock implements Clock {
  #now: number;
  #setByMs = 0;
  /** Where `advanceTo` is going. */
  #headingFor = 0;
  #sleepers: Sleeper[] = [];

  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  elapsedMs(): number {
    return this.#now - this.#setByMs;
  }

  /** Sets the clock, forward or (negative) back: no time passes by it, and who sleeps wakes after as long as was left. */
  set(byMs: number): void {
    this.#now += byMs;
    this.#setByMs += byMs;
    this.#headingFor += byMs;
    for (const sleeper of this.#sleepers) sleeper.at += byMs;
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) { reject(signal.reason as Error); return; }
      if (at <= this.#now) { resolve(); return; }
      const sleeper: Sleeper = {
        at,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** How many sleep at present: a test that ends with none has left no loop behind. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  async advance(durationMs: number): Promise<void> {
    await this.advanceTo(this.#now + durationMs);
  }

  async advanceTo(at: number): Promise<void> {
    this.#headingFor = at;
    await settle();
    for (;;) {
      const next = this.#sleepers.filter((sleeper) => sleeper.at <= this.#headingFor).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      next.wake();
      await settle();
    }
    this.#now = this.#headingFor;
    await settle();
  }
}

/** Lets everything that is already resolved run, including chains through the event loop's next turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
