import type { Condition } from '../source/condition.js';
import type { Labels } from '../source/sample.js';
import type { Query } from '../source/source.js';

export type Severity = 'critical' | 'high' | 'medium' | 'low';
export type Level = 1 | 2 | 3 | 4 | 5;
/** `enforce` acts; `dry-run` does everything but the effects; `observe` decides and tells. The strictest of several wins. */
export type Mode = 'enforce' | 'dry-run' | 'observe';

export interface LevelRange {
  readonly from: Level;
  readonly to: Level;
}

/** What "sustained" means: held for a time, or for a number of breaching samples in a row. */
export type Window =
  | { readonly kind: 'for'; readonly forMs: number }
  | { readonly kind: 'consecutive'; readonly count: number };

/** What an unknown sample does to a window: freeze it, restart it, or count as a breach. */
export type UnknownPolicy = 'hold' | 'reset' | 'breach';

/** One declaration of `rules/`, checked and complete. */
export interface Trigger {
  readonly name: string;
  readonly target: string;
  /** The name of the configured source, or `health` for the target's own endpoint. */
  readonly source: string;
  readonly query: Query;
  /** The query as people read it, in messages and on the incident. */
  readonly queryText: string;
  readonly condition: Condition;
  /** With hysteresis: a firing alert clears only once this holds; otherwise as soon as `condition` does not. */
  readonly clearCondition?: Condition | undefined;
  readonly window: Window;
  readonly onNoData: UnknownPolicy;
  readonly onError: UnknownPolicy;
  readonly severity: Severity;
  readonly response: 'immediate' | 'monitor';
  /** Absent for a `monitor` trigger without levels, and with `planId`. */
  readonly levels?: LevelRange | undefined;
  readonly planId?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The nominal distance of two samples: the interval of the source. */
  readonly intervalMs: number;
}
