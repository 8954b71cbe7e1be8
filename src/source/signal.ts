import type { Labels } from './sample.js';

/** Label matchers: a plain value is equality; a value with regular-expression characters is anchored, as in Prometheus' `=~`. */
export type Selector = Labels;

/** What a `signal:` trigger watches, portable between a Prometheus and a scraped endpoint. `windowMs` is the look-back of rates. */
export type Signal =
  | { readonly type: 'errorRate'; readonly metric: string; readonly select: Selector; readonly errors: Selector; readonly windowMs: number }
  | { readonly type: 'latency'; readonly metric: string; readonly select: Selector; readonly quantile: number; readonly windowMs: number }
  | { readonly type: 'queueDepth'; readonly metric: string; readonly select: Selector }
  | { readonly type: 'syncSuccess'; readonly metric: string; readonly select: Selector; readonly successes: Selector; readonly windowMs: number }
  | { readonly type: 'saturation'; readonly used: string; readonly limit: string; readonly select: Selector }
  | { readonly type: 'gauge'; readonly metric: string; readonly select: Selector; readonly reduce: 'max' | 'min' | 'sum' | 'avg' };
