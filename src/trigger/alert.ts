import type { Labels, Sample } from '../source/sample.js';

export type AlertState = 'inactive' | 'pending' | 'firing';
/** Whether Belay sees: `unknown` before the first answer, `err` while the source gives no usable sample. */
export type AlertHealth = 'unknown' | 'ok' | 'err';

/** What one sample of an alert said; `unknown`: why it said nothing. */
export type RecentSample = { readonly at: number; readonly value: number } | { readonly at: number; readonly unknown: string };

/** A stretch of time, and how much of it was seen to breach. */
export interface Stretch {
  readonly lengthMs: number;
  readonly breachMs: number;
}

/** A slot sample, or the mean of neighbouring ones. */
export interface TrendPoint {
  readonly at: number;
  readonly value: number;
  readonly samples: number;
}

/** What the window has counted so far. Instants in milliseconds since the epoch. */
export interface WindowProgress {
  /** Time between breaching samples that counts toward `for`. */
  readonly countedMs: number;
  /** Breaching slot samples since the window began: toward `consecutive`, where they are in a row, and `minSamples`. */
  readonly streak: number;
  /** What a `share` window covers, oldest first; absent for other windows. */
  readonly stretches?: readonly Stretch[] | undefined;
  /** What a trend is told by, oldest first; absent without `trend`. */
  readonly points?: readonly TrendPoint[] | undefined;
  /** For how long it has been seen to be clear since the newest breach; absent when the newest known sample breaches. */
  readonly clearMs?: number | undefined;
  /** The newest breaching sample; absent before the first. */
  readonly lastBreachAt?: number | undefined;
  /** Since when no known sample has come; absent while Belay sees. */
  readonly unknownSince?: number | undefined;
  /**
   * Up to when the window has made up its mind: the newest sample that moved it. A frozen window (`hold`) waits here
   * for what range data may still tell of the time after.
   */
  readonly judgedAt?: number | undefined;
  /** The first of the samples that come from before `judgedAt`, while they do: the clock may have been set back. */
  readonly behindSince?: number | undefined;
}

/** One live instance of a trigger per label set. Plain data: it is stored as it is and restored after a restart. */
export interface Alert {
  readonly trigger: string;
  readonly target: string;
  /** The series' own labels, and the trigger's. */
  readonly labels: Labels;
  /** Trigger name and the series' own labels, hashed; the identity of the alert everywhere. */
  readonly fingerprint: string;
  readonly state: AlertState;
  readonly health: AlertHealth;
  readonly window: WindowProgress;
  /** When the present breach began (pending), fired, and when a firing one was last seen to be clear. */
  readonly activeAt?: number | undefined;
  readonly firedAt?: number | undefined;
  readonly clearedAt?: number | undefined;
  readonly lastSample?: Sample | undefined;
  /** The newest samples, oldest first, for people: a few only. */
  readonly recent?: readonly RecentSample[] | undefined;
  /** The newest known value, kept while blind. */
  readonly lastValue?: { readonly at: number; readonly value: number } | undefined;
}

/** A change of an alert's state that others must hear of. */
export interface AlertTransition {
  readonly from: AlertState;
  readonly to: AlertState;
  readonly at: number;
  readonly alert: Alert;
}
