import type { Condition } from '../source/condition.js';
import type { Labels } from '../source/sample.js';
import type { Query } from '../source/source.js';

/** The most urgent first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];
export type Level = 1 | 2 | 3 | 4 | 5;
/** `enforce` acts; `dry-run` does everything but the effects; `observe` decides and tells. The strictest of several wins. */
export type Mode = 'enforce' | 'dry-run' | 'observe';

export interface LevelRange {
  readonly from: Level;
  readonly to: Level;
}

/**
 * What "sustained" means: held for a time, held for a share of a time (`atLeast`, more than 0 and less than 1), or seen
 * in a number of breaching samples in a row.
 */
export type Window =
  | { readonly kind: 'for'; readonly forMs: number }
  | { readonly kind: 'share'; readonly forMs: number; readonly atLeast: number }
  | { readonly kind: 'consecutive'; readonly count: number };

/** What the values are compared with: their own median over `windowMs`, some time ago or before the last change marker. */
export type Baseline =
  | { readonly kind: 'offset'; readonly offsetMs: number; readonly windowMs: number }
  | { readonly kind: 'before-change'; readonly windowMs: number };

/** How much must be going on for a value to say anything; asked of the trigger's own source. */
export interface MinTraffic {
  readonly query: Query;
  readonly atLeast: number;
}

/** How much of the users a breach of a trigger concerns: a share from 0 to 1, or a question that its own source answers with one. */
export type DeclaredImpact = { readonly kind: 'share'; readonly share: number } | { readonly kind: 'asked'; readonly query: Query };

/** What an unknown sample does to a window: freeze it, restart it, or count as a breach. */
export type UnknownPolicy = 'hold' | 'reset' | 'breach';

/** One declaration of `rules/`, checked and complete. */
export interface Trigger {
  readonly name: string;
  readonly target: string;
  /** The name of the configured source, `health` for the target's own endpoint, or `triggers` for a composite. */
  readonly source: string;
  readonly query: Query;
  /** The query as people read it, in messages and on the incident. */
  readonly queryText: string;
  readonly condition: Condition;
  /** With hysteresis: a firing alert clears only once this holds; otherwise as soon as `condition` does not. */
  readonly clearCondition?: Condition | undefined;
  readonly window: Window;
  /** Breaching slot samples that a window takes besides; none unless told. */
  readonly minSamples?: number | undefined;
  /** "And growing": to begin to fire takes a line through the window's samples that certainly rises. */
  readonly trend?: 'rising' | undefined;
  /** With one, values are shares of it: 1.5 is 150% of the baseline. */
  readonly baseline?: Baseline | undefined;
  readonly minTraffic?: MinTraffic | undefined;
  /** How long a firing alert must be seen to be clear before it ends; at once unless told. */
  readonly keepFiringForMs?: number | undefined;
  /** The alerts, one per series, that the trigger may have at most; `DEFAULT_MAX_ALERTS` unless told. */
  readonly maxAlerts?: number | undefined;
  readonly onNoData: UnknownPolicy;
  readonly onError: UnknownPolicy;
  readonly severity: Severity;
  readonly response: 'immediate' | 'scheduled' | 'monitor';
  /** With `scheduled`: from the firing to the rollback, in milliseconds. */
  readonly delayMs?: number | undefined;
  /** Absent with `planId`, and where the decision matrix decides. */
  readonly levels?: LevelRange | undefined;
  readonly planId?: string | undefined;
  /** What the decision matrix is asked with. */
  readonly impact?: DeclaredImpact | undefined;
  readonly timeToFixMs?: number | undefined;
  readonly issueType?: string | undefined;
  /** A scenario of the approvals that its rollbacks take, besides what their level does. */
  readonly approval?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The nominal distance of two samples: the interval of the source. */
  readonly intervalMs: number;
}
