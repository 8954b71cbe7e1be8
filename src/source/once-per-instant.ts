/**
 * Shares one piece of work between all who ask about the same instant. A newer instant begins anew. Whoever comes late
 * with an older one gets the first work that began after it, as they would have begun it only now; if that is more than
 * `spanMs` after it, nothing, because the past cannot be measured any more. But when nobody asks about a newer instant
 * and the old ones go on for more than 1.5 spans of their own time, the clock was set back, and all begins anew there.
 */
export class OncePerInstant<T> {
  readonly #spanMs: number;
  /** In the order of their instants. */
  readonly #kept = new Map<number, Promise<T>>();
  #newestAt = -Infinity;
  /** The first of the instants that were too old, since the newest one was asked about. */
  #behindSince: number | undefined;

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  ask(at: number, begin: () => Promise<T>): Promise<T> | undefined {
    if (at > this.#newestAt || this.#noteBehind(at)) {
      if (at < this.#newestAt) this.#kept.clear();
      this.#newestAt = at;
      this.#behindSince = undefined;
      for (const keptAt of this.#kept.keys()) if (keptAt < at - this.#spanMs) this.#kept.delete(keptAt);
      const work = begin();
      this.#kept.set(at, work);
      return work;
    }
    for (const [keptAt, work] of this.#kept) if (keptAt >= at) return keptAt - at <= this.#spanMs ? work : undefined;
    return undefined;
  }

  /** Notes an instant that may be too old; true where the old ones have gone on for so long that the clock was set back. */
  #noteBehind(at: number): boolean {
    if (at >= this.#newestAt - this.#spanMs) return false;
    this.#behindSince = Math.min(this.#behindSince ?? at, at);
    return at - this.#behindSince > 1.5 * this.#spanMs;
  }
}
