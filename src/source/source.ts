import type { Observation } from './sample.js';
import type { Signal } from './signal.js';

export type Query =
  | { readonly kind: 'promql'; readonly expr: string }
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'health'; readonly target: string }
  /** How many of the named triggers fire, as far as it matters whether at least so many do. */
  | { readonly kind: 'triggers'; readonly of: readonly string[]; readonly atLeast: number };

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
   * The answers at `fromAt`, `fromAt + stepMs`, … up to `toAt`, from what the source remembers; absent when it
   * remembers nothing. Rejects never, as `observe`.
   */
  history?(query: Query, fromAt: number, toAt: number, stepMs: number, signal: AbortSignal): Promise<readonly Observation[]>;
  /** Releases connections. */
  close(): Promise<void>;
}
