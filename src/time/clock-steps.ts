import type { Clock } from './clock.js';

/** A clock that is slewed, or read between two instructions, differs by less than this from one look to the next. */
const SMALLEST_STEP_MS = 1_000;

/**
 * Notices that the clock was set, by holding it against the time that has really passed. Who remembers instants moves
 * them by as much, so that what they stand for is neither sooner over nor later. A machine that was asleep shows as a
 * clock that was set forward: its time does not pass meanwhile.
 */
export class ClockSteps {
  readonly #clock: Clock;
  #offsetMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.now() - clock.elapsedMs();
  }

  /** By how many milliseconds the clock was set forward, or (negative) back, since this was last asked; 0 where it was not. */
  takeMs(): number {
    const offsetMs = this.#clock.now() - this.#clock.elapsedMs();
    const stepMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    return Math.abs(stepMs) < SMALLEST_STEP_MS ? 0 : Math.round(stepMs);
  }
}
