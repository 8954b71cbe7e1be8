import type { Condition } from '../source/condition.js';

/** The least and the greatest value of a stretch of time; instants in milliseconds since the epoch. */
export interface PlotPoint {
  readonly fromAt: number;
  readonly toAt: number;
  readonly min: number;
  readonly max: number;
}

export interface PlotLine {
  /** For the legend; lines of a plot with only one need none. */
  readonly name: string;
  /** Oldest first. */
  readonly points: readonly PlotPoint[];
}

export interface PlotBand {
  readonly kind: 'pending' | 'firing';
  readonly fromAt: number;
  readonly toAt: number;
}

/** An instant at which something happened; `text` is one or two words. */
export interface PlotMark {
  readonly at: number;
  readonly text: string;
}

/** What is drawn: values over time, what they are held against, and when that was pending and firing. */
export interface Plot {
  /** For those who cannot see it. */
  readonly description: string;
  readonly fromAt: number;
  readonly toAt: number;
  readonly unit: Condition['unit'];
  readonly lines: readonly PlotLine[];
  readonly thresholds: readonly { readonly value: number; readonly text: string }[];
  readonly bands: readonly PlotBand[];
  readonly marks?: readonly PlotMark[] | undefined;
  /** Points further apart than this are not joined. */
  readonly joinWithinMs: number;
}
