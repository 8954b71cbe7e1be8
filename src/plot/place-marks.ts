import type { Plot, PlotMark } from './plot.js';

export interface PlacedMark extends PlotMark {
  readonly x: number;
  /** Where its text begins, so that all of it is between the edges. */
  readonly textX: number;
  /** Counted from the top; texts of one row do not touch. */
  readonly row: number;
}

const CHARACTER_WIDTH = 6.6;
const GAP = 8;
const BESIDE = 4;

/** Marks that lie within the plot, with their texts in as few rows above it as they need. */
export function placeMarks({ marks = [], fromAt, toAt }: Plot, left: number, right: number): { readonly placed: readonly PlacedMark[]; readonly rows: number } {
  const perMs = (right - left) / Math.max(1, toAt - fromAt);
  const rowEnds: number[] = [];
  const placed = marks
    .filter(({ at }) => at >= fromAt && at <= toAt)
    .toSorted((a, b) => a.at - b.at)
    .map((mark) => {
      const x = left + (mark.at - fromAt) * perMs;
      const width = mark.text.length * CHARACTER_WIDTH;
      // Beside its line, on the left of it where there is no room on the right.
      const textX = x + BESIDE + width <= right ? x + BESIDE : Math.max(left, x - BESIDE - width);
      const free = rowEnds.findIndex((end) => end + GAP <= textX);
      const row = free < 0 ? rowEnds.length : free;
      rowEnds[row] = textX + width;
      return { ...mark, x, textX, row };
    });
  return { placed, rows: rowEnds.length };
}
