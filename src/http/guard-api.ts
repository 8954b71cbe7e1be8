import type { Approval, AnswerWay } from '../decision/approval.js';
import type { MarkedState } from '../decision/change.js';
import type { Pause } from '../guard/pauses.js';
import type { Incident, IncidentStatus, Rung, RungStep } from '../incident/incident.js';
import type { AlertMessage } from '../source/received-alert.js';
import type { PlanDescription, PlanSummary, StepPreview } from '../rollback/plan-description.js';
import type { Condition } from '../source/condition.js';
import type { Labels } from '../source/sample.js';
import type { DrillView } from './drill-api.js';
import type { AlertHealth, AlertState } from '../trigger/alert.js';
import type { WindowFill } from '../trigger/window-fill.js';
import type { Level, Mode, Severity } from '../trigger/trigger.js';

// What the HTTP interface shows: plain data, instants in milliseconds since the epoch.

export interface StatusView {
  readonly version: string;
  readonly environment: string;
  readonly mode: Mode;
  readonly now: number;
  readonly startedAt: number;
  readonly targets: readonly TargetView[];
  readonly sources: readonly SourceView[];
  /** How the channels to people stand. */
  readonly channels: readonly ChannelView[];
  readonly pauses: readonly Pause[];
  /** The questions that are open, and what is scheduled: it starts at `expiresAt`. */
  readonly approvals: readonly ApprovalView[];
  /** What keeps Belay from seeing or acting, one sentence each; empty while nothing does. */
  readonly notReady: readonly string[];
  readonly store: StoreView;
  /** What is practised, or should be: one entry for each drill that is declared and each plan that Belay may start by itself. */
  readonly drills: readonly DrillView[];
  /** Since when the files on disk are refused, and why; absent while the newest files are in use. */
  readonly configurationRefused?: { readonly at: number; readonly problems: readonly string[] } | undefined;
}

/** A question to people, with the incident that it stands on. */
export type ApprovalView = Pick<Approval, 'id' | 'purpose' | 'planId' | 'undoes' | 'level' | 'question' | 'requestedBy' | 'requestedAt' | 'expiresAt' | 'status' | 'missing' | 'answers'> & {
  readonly incidentId: string;
  readonly target: string;
};

/** A rollback that starts, or waits: `approvalId`, `missing` (who must agree) and `expiresAt` are there where people are asked first. */
export interface RollbackStart {
  readonly executionId: string;
  readonly incidentId: string;
  readonly approvalId?: string | undefined;
  readonly missing?: readonly string[] | undefined;
  readonly expiresAt?: number | undefined;
}

export interface ApprovalAnswerRequest {
  readonly decision: 'approve' | 'reject';
  readonly reason?: string | undefined;
  readonly way: AnswerWay;
}

/** Who answers: the holder of a token, or a user of Slack. */
export type ApprovalAnswerer = { readonly name: string; readonly isApprover: boolean } | { readonly slackUser: string };

/** Whether the store can be written and read now; nothing can be decided or begun while it is lost. */
export type StoreView = { readonly state: 'ok' } | { readonly state: 'lost'; readonly since: number; readonly message: string };

export interface TargetView {
  readonly name: string;
  readonly owners: readonly string[];
  readonly mode: Mode;
  readonly alerts: Readonly<Record<AlertState, number>>;
  readonly openIncident?: { readonly id: string; readonly status: IncidentStatus } | undefined;
  /** A pause of the target itself or of all holds it back now. */
  readonly paused: boolean;
  /** What was deployed, rolled back to or found to run last, and the last version that is known to be good, where they are known. */
  readonly running?: string | undefined;
  readonly lastGood?: string | undefined;
  /** Why the metric of its version tells none now. */
  readonly versionUnknown?: string | undefined;
}

export interface ChannelView {
  /** `slack`, `slack:#channel`, `email`, `webhook`, `webhook-2` … */
  readonly name: string;
  /** `failing`: it has taken nothing since `since`. `dead`: so long that another one stands in. */
  readonly state: 'working' | 'failing' | 'dead';
  readonly since?: number | undefined;
  readonly error?: string | undefined;
}

export interface SourceView {
  readonly name: string;
  /** `unknown` before the first answer. */
  readonly state: 'unknown' | 'seeing' | 'blind';
  readonly since?: number | undefined;
  /** What went wrong, while blind. */
  readonly message?: string | undefined;
}

export interface TriggerView {
  readonly name: string;
  readonly target: string;
  readonly source: string;
  readonly query: string;
  readonly condition: string;
  readonly threshold: ThresholdView;
  readonly window: string;
  readonly severity: Severity;
  readonly mode: Mode;
  /** `err` while no answer holds a known value, alerts or not. */
  readonly health: AlertHealth;
  /** What the source said instead of an answer. */
  readonly message?: string | undefined;
  readonly alerts: readonly AlertView[];
}

/** The bound of the condition, in its unit: a ratio of 0.1 is 10%. */
export type ThresholdView = Pick<Condition, 'comparison' | 'unit'> & {
  readonly value: number;
  /** With hysteresis: a firing alert clears only once this holds. */
  readonly clear?: (Pick<Condition, 'comparison'> & { readonly value: number }) | undefined;
};

/** What was seen of a series at an instant; `unknown`: why it is no number that could be drawn. */
export type PointView = { readonly at: number; readonly value: number } | { readonly at: number; readonly unknown: string };

/** The newest points of each alert of a trigger, oldest first, as far as this daemon remembers them. */
export interface TriggerSeriesView {
  readonly target: string;
  readonly trigger: string;
  readonly now: number;
  readonly series: readonly { readonly fingerprint: string; readonly labels: Labels; readonly points: readonly PointView[] }[];
}

export interface AlertView {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly state: AlertState;
  readonly health: AlertHealth;
  /** In the unit of the condition, ready to read: `12.4%`. Absent before the first known value. */
  readonly value?: string | undefined;
  readonly valueAt?: number | undefined;
  /** The newest sample, known or not. */
  readonly point?: PointView | undefined;
  readonly windowProgress: WindowFill;
  readonly activeAt?: number | undefined;
  readonly firedAt?: number | undefined;
}

export type IncidentSummary = Pick<Incident, 'id' | 'target' | 'environment' | 'mode' | 'status' | 'openedAt' | 'endedAt' | 'needsHuman' | 'resolution'>;

/** One run of one plan, with the incident that it belongs to. */
export type RollbackView = Omit<Rung, 'steps'> & {
  readonly incidentId: string;
  readonly target: string;
  readonly steps: readonly (RungStep & {
    /** The end of what its newest attempt has printed, as far as this daemon has heard it. */
    readonly output?: string | undefined;
  })[];
};

export interface IncidentFilter {
  readonly target?: string | undefined;
  readonly limit: number;
  /** Only incidents opened before this one. */
  readonly beforeId?: string | undefined;
}

export interface RollbackRequest {
  /** A plan by its id, or the plan of a target on a level. */
  readonly what: { readonly planId: string } | { readonly target: string; readonly level: Level };
  readonly reason: string;
  /** Makes a dry run of it, whatever the mode; it never makes a dry-run target act. */
  readonly dryRun: boolean;
}

export interface UndoRequest {
  readonly reason: string;
}

export interface ChangeMark extends MarkedState {
  readonly target: string;
  readonly version: string;
  readonly kind: 'deploy' | 'good';
}

export interface PauseRequest {
  /** All targets when absent. */
  readonly target?: string | undefined;
  readonly reason: string;
  /** Until resumed when absent. */
  readonly forMs?: number | undefined;
  /** Aborts the running steps as well. */
  readonly now: boolean;
}

/**
 * What the HTTP interface asks of the guard. `by` is the name of the token that asks. Methods reject with a BelayError:
 * `not-found` for an unknown target, incident, rollback or pause, `plan-not-found`, `target-busy`, `conflict` for what
 * no longer applies (an ended rollback, a closed incident), `store-unavailable`. An action resolves once it is durable.
 */
export interface GuardApi {
  /** What is not ready yet, one sentence each; empty when the guard watches and can act. */
  notReady(): readonly string[];
  status(): Promise<StatusView>;
  triggers(): Promise<readonly TriggerView[]>;
  /** Points at or after `sinceAt`. */
  triggerSeries(target: string, trigger: string, sinceAt: number): Promise<TriggerSeriesView>;
  /** Newest first. */
  incidents(filter: IncidentFilter): Promise<readonly IncidentSummary[]>;
  incident(id: string): Promise<Incident>;
  rollback(executionId: string): Promise<RollbackView>;
  /**
   * Resolves once the rollback is durable and under way, not when it has ended; where its level or the plan takes an
   * approval, once that is asked for.
   */
  startRollback(request: RollbackRequest, by: string): Promise<RollbackStart>;
  /** Besides `not-found`: `conflict` and `forbidden` for an answer that does not count. */
  answerApproval(id: string, answer: ApprovalAnswerRequest, who: ApprovalAnswerer): Promise<ApprovalView>;
  acknowledge(incidentId: string, by: string): Promise<void>;
  cancelRollback(executionId: string, by: string): Promise<void>;
  /** As `startRollback`. Rejects, with nothing touched, with `state-drifted`, `undo-impossible` or `conflict` as well. */
  undoRollback(executionId: string, request: UndoRequest, by: string): Promise<RollbackStart>;
  /** What an undo would put back now, step by step. */
  describeUndo(executionId: string, by: string): Promise<readonly StepPreview[]>;
  /** Resolves once the verification is under way; its result stands on the rollback and is told. */
  verifyRollback(executionId: string, by: string): Promise<{ readonly verificationId: string; readonly timeoutMs: number }>;
  plans(): Promise<readonly PlanSummary[]>;
  /** What the plan would change if it were started by hand now, from the real state. */
  describePlan(planId: string, by: string): Promise<PlanDescription>;
  closeIncident(id: string, reason: string, by: string): Promise<void>;
  markChange(change: ChangeMark, by: string): Promise<void>;
  pause(request: PauseRequest, by: string): Promise<Pause>;
  resume(pauseId: string, by: string, reason?: string): Promise<void>;
  /** Takes a message of an Alertmanager; resolves once it is on the disk, and rejects with `store-unavailable` when it cannot be. */
  receiveAlerts(message: AlertMessage, sender: string): Promise<void>;
  /** Gives tripped budgets back to one target, or to all. */
  reset(target: string | undefined, by: string): Promise<void>;
  /** Reads the files again. Rejects with `config-invalid`, `context.problems` listing them, and keeps the old configuration when they are bad. */
  reload(by: string): Promise<void>;
}
