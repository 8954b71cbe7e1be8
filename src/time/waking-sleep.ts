import type { Clock } from './clock.js';

/**
 * A sleep that a poke ends early, and that ends for good with `stop`. A poke while nobody sleeps ends the next sleep at
 * once, so that none is missed.
 */
export class WakingSleep {
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  #wake = new AbortController();

  constructor(clock: Clock, stop: AbortSignal) {
    this.#clock = clock;
    this.#stop = stop;
    // One listener for all sleeps: loops that sleep thousands of times a day have better things to do than to add and remove it.
    stop.addEventListener('abort', () => this.poke(), { once: true });
  }

  poke(): void {
    this.#wake.abort();
  }

  /** Resolves at `at`, when poked, or when stopped; never rejects for these. */
  async until(at: number): Promise<void> {
    const wake = this.#wake;
    if (this.#stop.aborted) wake.abort();
    try {
      await this.#clock.sleepUntil(at, wake.signal);
    } catch (error) {
      if (!wake.signal.aborted) throw error;
    } finally {
      if (wake.signal.aborted) this.#wake = new AbortController();
    }
  }
}
