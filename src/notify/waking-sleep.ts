import type { Clock } from '../time/clock.js';

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
    const either = AbortSignal.any([this.#wake.signal, stop]);
    try {
      await this.#clock.sleepUntil(at, either);
    } catch (error) {
      if (!either.aborted) throw error;
    }
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }
}
