import type { PlotPoint } from '../plot/plot.js';

/** More than any plot has columns of pixels, even after two neighbours have become one. */
const MOST_COLUMNS = 4_096;

/**
 * The least and the greatest value of each stretch of time, in bounded memory however many values come: when there are
 * too many stretches, each two neighbours become one, twice as long.
 */
export class ValueColumns {
  #columns: PlotPoint[] = [];
  #widthMs: number;

  /** `stepMs` is how far apart the values are expected to be. */
  constructor(stepMs: number) {
    this.#widthMs = stepMs;
  }

  /** Values come oldest first. */
  add(at: number, value: number): void {
    const last = this.#columns.at(-1);
    if (last !== undefined && this.#slot(last.fromAt) === this.#slot(at)) {
      this.#columns[this.#columns.length - 1] = { fromAt: last.fromAt, toAt: at, min: Math.min(last.min, value), max: Math.max(last.max, value) };
      return;
    }
    this.#columns.push({ fromAt: at, toAt: at, min: value, max: value });
    if (this.#columns.length > MOST_COLUMNS) this.#halve();
  }

  /** Oldest first. */
  get points(): readonly PlotPoint[] {
    return this.#columns;
  }

  #slot(at: number): number {
    return Math.floor(at / this.#widthMs);
  }

  #halve(): void {
    this.#widthMs *= 2;
    const columns: PlotPoint[] = [];
    for (const column of this.#columns) {
      const last = columns.at(-1);
      if (last === undefined || this.#slot(last.fromAt) !== this.#slot(column.fromAt)) columns.push(column);
      else columns[columns.length - 1] = { fromAt: last.fromAt, toAt: column.toAt, min: Math.min(last.min, column.min), max: Math.max(last.max, column.max) };
    }
    this.#columns = columns;
  }
}
