/** How fast a channel takes messages in the long run; `burst` of them at once after a while of rest. */
export interface PaceSettings {
  readonly everyMs: number;
  readonly burst: number;
}

/** Slack takes about one message a second for each of its channels, and bears short bursts. */
export const SLACK_PACE: PaceSettings = { everyMs: 1_000, burst: 3 };

/** When a channel may be used again: in the long run once in `everyMs`, with some more at once after a while of rest. */
export class Pace {
  readonly #everyMs: number;
  readonly #burst: number;
  /** When all that was sent would have gone out at the long run's pace. */
  #paidUntil = 0;

  constructor({ everyMs, burst }: PaceSettings = { everyMs: 0, burst: 1 }) {
    this.#everyMs = everyMs;
    this.#burst = burst;
  }

  /** When the next message may go: `now`, or later. */
  freeAt(now: number): number {
    return Math.max(now, this.#paidUntil - (this.#burst - 1) * this.#everyMs);
  }

  spend(now: number, messages: number): void {
    this.#paidUntil = Math.max(now, this.#paidUntil) + messages * this.#everyMs;
  }
}
