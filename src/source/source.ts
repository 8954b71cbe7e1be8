import type { AlertMatcher } from './alert-match.js';
import type { Condition } from './condition.js';
import type { Observation } from './sample.js';
import type { Signal } from './signal.js';

export type Query =
  | { readonly kind: 'promql'; readonly expr: string }
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'health'; readonly target: string }
  /** How many of the named triggers fire, as far as it matters whether at least so many do. */
  | { readonly kind: 'triggers'; readonly of: readonly string[]; readonly atLeast: number }
  /** The alerts that fire in an Alertmanager: how many there are, or with `each` a series of 1 for every one. */
  | { readonly kind: 'alerts'; readonly match: readonly AlertMatcher[]; readonly each: boolean }
  | ReceivedQuery;

/** The alerts that Alertmanagers have told of: a series for each, 1 while it fires. */
export interface ReceivedQuery {
  readonly kind: 'received';
  readonly match: readonly AlertMatcher[];
  /** `source`: what a message says is asked of a configured source; `none`: the message alone counts. */
  readonly confirm: 'source' | 'none';
  /** What is asked instead of the alert's own expression, and what its values are held against. */
  readonly expr?: string | undefined;
  readonly condition?: Condition | undefined;
  /** The source that is asked; where it is absent, the one that fits the alert. */
  readonly place?: string | undefined;
  /** For how long a message that nobody else confirms is believed. */
  readonly validForMs: number;
  /** Of more alerts than these, those that began first are watched. */
  readonly maxAlerts: number;
}

/** A place that answers questions about the world. */
export interface Source {
  readonly name: string;
  /** How often it is worth asking, in milliseconds; the slots of its triggers' loops. */
  readonly intervalMs: number;
  /**
   * Asks once, about the instant `at`. Never rejects for what the world does: whatever goes wrong is an `error`
   * observation. Rejects only when `signal` aborts. Questions about the same `at` may share one request.
   */
  observe(query: Query, at: number, signal: AbortSignal): Promise<Observation>;
  /**
   * Asks once more, just before something is done about the answer; absent where `observe` asks the world itself.
   * Rejects as `observe` does.
   */
  confirm?(query: Query, at: number, signal: AbortSignal): Promise<Observation>;
  /**
   * The answers at `fromAt`, `fromAt + stepMs`, … up to `toAt`, from what the source remembers; absent when it
   * remembers nothing. Rejects never, as `observe`.
   */
  history?(query: Query, fromAt: number, toAt: number, stepMs: number, signal: AbortSignal): Promise<readonly Observation[]>;
  /** Releases connections. */
  close(): Promise<void>;
}
