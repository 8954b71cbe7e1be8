import type { DrillOutcome, DrillStep, DrillSubject } from '../incident/drill-event.js';

/** One run of a drill. Instants in milliseconds since the epoch, durations in milliseconds. */
export interface DrillRunView extends DrillSubject {
  readonly executionId: string;
  readonly status: DrillOutcome | 'running';
  readonly trigger: 'schedule' | 'manual';
  readonly by: string;
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  /** The belay.yaml whose systems are really changed; absent in a dry run. */
  readonly against?: string | undefined;
  readonly documentedMs?: number | undefined;
  readonly tookMs?: number | undefined;
  readonly steps: readonly DrillStep[];
  readonly gaps: readonly string[];
  readonly explanation?: string | undefined;
}

/** What is practised, or should be, and how that stands. */
export interface DrillView extends DrillSubject {
  readonly targets: readonly string[];
  readonly schedule?: { readonly cron: string; readonly timezone: string } | undefined;
  readonly against?: string | undefined;
  readonly documentedMs?: number | undefined;
  readonly nextAt?: number | undefined;
  readonly last?: { readonly executionId: string; readonly status: DrillOutcome | 'running'; readonly startedAt: number; readonly endedAt?: number | undefined; readonly tookMs?: number | undefined; readonly gaps: readonly string[]; readonly explanation?: string | undefined } | undefined;
  readonly lastPassedAt?: number | undefined;
  /** It was never drilled, or its last drill failed. */
  readonly warning?: string | undefined;
}

export interface DrillRequest {
  readonly subject: DrillSubject;
  /** Only reads the state, whatever the files say. */
  readonly dryRun: boolean;
}

/** What the HTTP interface asks of drills. Rejects with BelayError `not-found`, `plan-not-found` and `conflict`. */
export interface DrillApi {
  drills(): readonly DrillView[];
  drillRun(executionId: string): Promise<DrillRunView>;
  /** Resolves once the drill is durable and under way. */
  startDrill(request: DrillRequest, by: string): Promise<{ readonly executionId: string }>;
  cancelDrill(executionId: string, by: string): Promise<void>;
}
