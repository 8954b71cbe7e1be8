/** What is practised: a plan, the bringing back of a backup, or the ways to people. */
export const drillKinds = ['plan', 'backup', 'communication'] as const;
export type DrillKind = (typeof drillKinds)[number];

/** Which drill: `name` is the id of the plan, the entry of `databases`, or the name that the files give. */
export interface DrillSubject {
  readonly kind: DrillKind;
  readonly name: string;
}

/** How a drill ended. `cancelled`: something real came, or a person wanted it; `interrupted`: Belay died in it. Neither says anything about the plan. */
export const drillOutcomes = ['passed', 'failed', 'cancelled', 'interrupted'] as const;
export type DrillOutcome = (typeof drillOutcomes)[number];

/** One step as it was practised. Durations in milliseconds; `documentedMs` is what the files say that it takes. */
export interface DrillStep {
  readonly name: string;
  readonly status: 'waiting' | 'running' | 'ok' | 'failed' | 'skipped';
  readonly tookMs?: number | undefined;
  readonly documentedMs?: number | undefined;
  readonly detail?: string | undefined;
}

/** Why a drill that was due was not begun. */
export type DrillSkipReason = 'paused' | 'frozen' | 'incident' | 'missed';

/** What happens to drills. `executionId` names one run; the events of the plan that is run in it carry the same. Instants in milliseconds since the epoch. */
export type DrillEvent =
  | { readonly type: 'drill-announced'; readonly at: number; readonly drill: DrillSubject; readonly dueAt: number; readonly targets: readonly string[]; readonly against?: string | undefined }
  | {
      readonly type: 'drill-started';
      readonly at: number;
      readonly executionId: string;
      readonly drill: DrillSubject;
      readonly trigger: 'schedule' | 'manual';
      readonly by: string;
      /** The instant that its schedule names. */
      readonly dueAt?: number | undefined;
      /** Whose incidents end it. */
      readonly targets: readonly string[];
      /** The belay.yaml whose systems are really changed; absent where nothing is. */
      readonly against?: string | undefined;
      readonly documentedMs?: number | undefined;
    }
  | {
      readonly type: 'drill-ended';
      readonly at: number;
      readonly executionId: string;
      readonly drill: DrillSubject;
      readonly tookMs: number;
      readonly outcome: DrillOutcome;
      readonly steps: readonly DrillStep[];
      /** What was not as it is documented, a sentence each: `documented 3m, took 7m`. */
      readonly gaps: readonly string[];
      readonly explanation: string;
    }
  | { readonly type: 'drill-skipped'; readonly at: number; readonly drill: DrillSubject; readonly dueAt: number; readonly reason: DrillSkipReason; readonly explanation: string };

export const drillEventTypes = ['drill-announced', 'drill-started', 'drill-ended', 'drill-skipped'] as const satisfies readonly DrillEvent['type'][];
