/**
 * What is the case at each instant, as written: one point after another, `intervalMs` apart, each of which holds until
 * the next. The last one holds for ever; the first one has held for `leadMs` already. Before that nothing is the case.
 */
export class Script<T> {
  readonly #intervalMs: number;
  readonly #parts: { readonly fromAt: number; readonly points: readonly T[] }[];

  constructor(intervalMs: number, startAt: number, points: readonly T[], leadMs = 0) {
    this.#intervalMs = intervalMs;
    this.#parts = [...(leadMs > 0 ? [{ fromAt: startAt - leadMs, points: points.slice(0, 1) }] : []), { fromAt: startAt, points }];
  }

  at(instant: number): T | undefined {
    const part = this.#parts.findLast(({ fromAt }) => fromAt <= instant);
    if (part === undefined) return undefined;
    const index = Math.floor((instant - part.fromAt) / this.#intervalMs);
    return part.points[Math.min(index, part.points.length - 1)];
  }

  /** From an instant on it goes on otherwise; what was before stays as it was. */
  continueWith(fromAt: number, points: readonly T[]): void {
    this.#parts.push({ fromAt, points });
  }
}
