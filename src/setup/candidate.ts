import type { Labels } from '../source/sample.js';

/** A trigger that a service could have, before its threshold is known. */
export interface Candidate {
  /** `ErrorRateHigh`; the target's name goes before it. */
  readonly name: string;
  readonly watches: Watched;
  /** Conditions from the most sensitive to the one beyond which nothing is proposed. */
  readonly conditions: readonly [string, ...string[]];
  readonly window: string;
  readonly severity: 'critical' | 'high' | 'medium';
  /** Whether it may start a rollback; what is only watched tells people. */
  readonly acts: boolean;
  readonly summary: string;
}

export type Watched = { readonly kind: 'health' } | { readonly kind: 'signal'; readonly signal: WrittenSignal };

/** As it is written in `rules/`. */
export type WrittenSignal =
  | { readonly type: 'errorRate'; readonly metric: string; readonly select: Labels; readonly errors: Labels; readonly window: string }
  | { readonly type: 'latency'; readonly metric: string; readonly select: Labels; readonly quantile: number; readonly window: string }
  | { readonly type: 'saturation'; readonly used: string; readonly limit: string; readonly select: Labels }
  | { readonly type: 'queueDepth'; readonly metric: string; readonly select: Labels }
  | { readonly type: 'gauge'; readonly metric: string; readonly select: Labels; readonly reduce: 'max' | 'sum' };
