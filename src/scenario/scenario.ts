import type { MarkedState } from '../decision/change.js';
import type { DecisionKind, DecisionReason } from '../decision/decision.js';
import type { IncidentStatus } from '../incident/incident.js';
import type { NeedsHumanReason } from '../incident/incident-event.js';
import type { MessageKind } from '../notify/message.js';
import type { RollbackOutcome } from '../rollback/rollback-event.js';
import type { SecretReader } from '../secret/secret-reader.js';
import type { CheckResult } from '../source/check.js';
import type { Condition } from '../source/condition.js';
import type { AlertNotice } from '../source/received-alert.js';
import type { Labels, SourceErrorReason } from '../source/sample.js';
import type { AlertState } from '../trigger/alert.js';
import type { Level, Mode } from '../trigger/trigger.js';
import type { VerificationOutcome } from '../verification/verification.js';
import type { SeriesValue } from './series-notation.js';

export const healthWords = ['up', 'down', 'refused', 'timeout', 'error'] as const;
export type HealthWord = (typeof healthWords)[number];

export const errorWords = ['ok', 'unreachable', 'timeout', 'http-status', 'bad-answer', 'query-refused', 'our-side'] as const satisfies readonly (SourceErrorReason | 'ok')[];
export type ErrorWord = (typeof errorWords)[number];

export const checkWords = ['ok', 'failed', 'unknown', 'error'] as const satisfies readonly CheckResult['status'][];
export type CheckWord = (typeof checkWords)[number];

/** One series as it is written: the labels of its result, or of a metric, and its points. */
export interface WrittenSeries {
  readonly labels: Labels;
  readonly points: readonly SeriesValue[];
}

export interface MetricSeries extends WrittenSeries {
  readonly metric: string;
}

/** A source that fails: point by point, or for spans of time (milliseconds from the start; `toMs` absent: to the end). */
export type ErrorScript =
  | { readonly kind: 'points'; readonly points: readonly ErrorWord[] }
  | { readonly kind: 'spans'; readonly spans: readonly { readonly fromMs: number; readonly toMs?: number | undefined; readonly reason: Exclude<ErrorWord, 'ok'> }[] };

/** How the world goes on once a step has succeeded. */
export interface WorldChanges {
  /** By trigger. */
  readonly values: ReadonlyMap<string, readonly WrittenSeries[]>;
  /** By the text of a query as the scenario writes it under `queries`. */
  readonly queries: ReadonlyMap<string, readonly WrittenSeries[]>;
  /** By the selector as the scenario writes it under `series`. */
  readonly series: ReadonlyMap<string, readonly SeriesValue[]>;
  readonly health: ReadonlyMap<string, readonly HealthWord[]>;
  readonly checks: ReadonlyMap<string, readonly CheckWord[]>;
}

/** What a plan's step does in the scenario. */
export interface StepScript {
  readonly takesMs: number;
  /** How many of its attempts fail, from the first on; Infinity for all. */
  readonly failures: number;
  /** It never ends by itself. */
  readonly hangs: boolean;
  readonly sets: WorldChanges;
}

/** What a person does, `atMs` after the start. An absent target means all. */
export type Action = { readonly atMs: number } & (
  | { readonly kind: 'pause'; readonly target?: string | undefined; readonly reason: string; readonly forMs?: number | undefined }
  | { readonly kind: 'resume'; readonly target?: string | undefined }
  | { readonly kind: 'reset'; readonly target?: string | undefined }
  | { readonly kind: 'mark'; readonly target: string; readonly change: 'deploy' | 'good'; readonly version: string; readonly state: MarkedState }
  | { readonly kind: 'rollback'; readonly planId: string }
  | { readonly kind: 'close'; readonly target: string }
  /** The open questions of a target, in the name of `by`; without it as an approver whom no group knows. */
  | { readonly kind: 'approve' | 'reject'; readonly target: string; readonly by?: string | undefined; readonly reason?: string | undefined }
);

export type Subject =
  | { readonly kind: 'alert'; readonly trigger: string; readonly labels: Labels; readonly state?: AlertState | undefined; readonly value?: Condition | undefined }
  | { readonly kind: 'incident'; readonly status: IncidentStatus | 'none' }
  | { readonly kind: 'decision'; readonly decision: { readonly kind?: DecisionKind | undefined; readonly reason?: DecisionReason | undefined; readonly level?: Level | undefined; readonly plan?: string | undefined; readonly mode?: Mode | undefined } }
  | { readonly kind: 'rollback'; readonly rollback: { readonly level?: Level | undefined; readonly plan?: string | undefined; readonly outcome?: RollbackOutcome | undefined; readonly mode?: Mode | undefined } }
  | { readonly kind: 'verification'; readonly outcome: VerificationOutcome }
  | { readonly kind: 'needsHuman'; readonly reason: NeedsHumanReason }
  | { readonly kind: 'message'; readonly message: MessageKind };

/** What must be so, or must not, at an instant (`atMs`), at some time up to one (`byMs`), or at any time at all. */
export interface Expectation {
  readonly subject: Subject;
  readonly atMs?: number | undefined;
  readonly byMs?: number | undefined;
  readonly not: boolean;
  /** Exactly so often; at least once where it is absent. */
  readonly times?: number | undefined;
  readonly target?: string | undefined;
  readonly place: { readonly file: string; readonly line: number; readonly column: number };
}

/** One alert in a message of an Alertmanager, as it arrives. */
export interface ScriptedMessage {
  readonly atMs: number;
  readonly text: string;
  readonly notice: AlertNotice;
}

/** One scenario, checked against the configuration that it tests. Durations in milliseconds from its start. */
export interface Scenario {
  readonly name: string;
  /** What the references of plans stand for. */
  readonly secrets: SecretReader;
  readonly startAt: number;
  /** Between two points of every series. */
  readonly intervalMs: number;
  readonly lastsMs: number;
  /** For how long before the start the first points have held already. */
  readonly leadMs: number;
  readonly mode?: Mode | undefined;
  /** By trigger: the values of its whole query. */
  readonly values: ReadonlyMap<string, readonly WrittenSeries[]>;
  /** By the text of the query: for what is asked beside the triggers' own. */
  readonly queries: ReadonlyMap<string, readonly WrittenSeries[]>;
  /** By the selector as written. */
  readonly series: ReadonlyMap<string, MetricSeries>;
  readonly engine: 'own' | 'prometheus';
  readonly health: ReadonlyMap<string, readonly HealthWord[]>;
  readonly checks: ReadonlyMap<string, readonly CheckWord[]>;
  readonly errors: ReadonlyMap<string, ErrorScript>;
  /** By `planId/stepId`. */
  readonly steps: ReadonlyMap<string, StepScript>;
  /** In the order in which they arrive. */
  readonly messages: readonly ScriptedMessage[];
  readonly actions: readonly Action[];
  readonly restarts: readonly { readonly atMs: number; readonly downForMs: number }[];
  readonly expectations: readonly Expectation[];
}
