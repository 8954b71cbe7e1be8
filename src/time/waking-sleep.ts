import type { Clock } from './clock.js';

/** A sleep that a poke ends early. A poke while nobody sleeps ends the next sleep at once, so that none is missed. */
export class WakingSleep {
  readonly #clock: Clock;
  #wake = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  poke(): void {
    this.#wake.abort();
  }

  /** Resolves at `at`, when poked, or when `stop` aborts; never rejects for these. */
  async until(at: number, stop: AbortSignal): Promise<void> {
    const wake = this.#wake;
    const onStop = (): void => wake.abort();
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
    try {
      await this.#clock.sleepUntil(at, wake.signal);
    } catch (error) {
      if (!wake.signal.aborted) throw error;
    } finally {
      stop.removeEventListener('abort', onStop);
      if (wake.signal.aborted) this.#wake = new AbortController();
    }
  }
}
