import type { Level } from '../trigger/trigger.js';

/** Durations that may be written as a bare number (seconds for a timeout, minutes for an estimate) or as a string (`90s`). */
export type WrittenDuration = number | string;

export interface RetryPolicy {
  /** The first attempt included. */
  maxAttempts: number;
  /** The first delay is one second; each further one is this many times longer. */
  backoffMultiplier: number;
}

/** The step types that Belay brings; `registerExecutor` may add others. */
export const stepTypes = ['feature-flag', 'deployment', 'data', 'configuration', 'traffic', 'notification', 'command', 'http', 'check', 'wait', 'approval'] as const;
export type StepType = (typeof stepTypes)[number];

export interface RollbackStep {
  id: string;
  name: string;
  description: string;
  type: StepType | (string & {});
  // Executors written to the user's documents take parameters apart without a check, and must compile as they stand.
  // Belay's own executors read theirs with a schema.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  parameters: Record<string, any>;
  /** Seconds, per attempt. */
  timeout: number;
  retryPolicy?: RetryPolicy | undefined;
  /** The plan goes on when this step has failed. */
  continueOnError?: boolean | undefined;
  /** `false`: when the outcome of an attempt is unknown, park the step for a person instead of running it again. */
  idempotent?: boolean | undefined;
  /** The step is left out where this does not hold. */
  when?: StepCondition | undefined;
  /** Neighbouring steps of one group run side by side. */
  group?: string | undefined;
  /** Which checklist of the rollback the step belongs to; for people who read the plan. */
  checklist?: Checklist | undefined;
  /** Minutes, or a duration: how long the step takes as it is documented. Drills hold it against that. */
  estimatedDuration?: WrittenDuration | undefined;
}

export const checklists = ['pre', 'during', 'post'] as const;
export type Checklist = (typeof checklists)[number];

export interface RollbackPlan {
  id: string;
  name: string;
  description: string;
  phase: string;
  steps: RollbackStep[];
  /** Ids of plans that run first, each once. */
  dependencies: string[];
  /** Minutes. */
  estimatedDuration: number;
  /** How long the steps may take before people are told, as Prometheus writes durations; without it, what the level allows. */
  budget?: string | undefined;
  /** Without `target` and `level` a plan is started by hand only. */
  target?: string | undefined;
  level?: Level | undefined;
  /** A scenario of the approvals that its start takes, besides what its level does. */
  approval?: string | undefined;
  /** What becomes of a rollback whose alerts are all known to be clear while it runs; it goes on unless told. */
  onResolved?: 'continue' | 'stop-before-next-step' | undefined;
}

/** A plan as people may write it, with durations in either form; every plan is one. */
export interface WrittenRollbackPlan extends Omit<RollbackPlan, 'steps' | 'estimatedDuration'> {
  steps: (Omit<RollbackStep, 'timeout'> & { timeout: WrittenDuration })[];
  estimatedDuration: WrittenDuration;
}

/** As in the user's documents. `metadata` carries what templates may use: labels, trigger, incident, rollback point. */
export interface RollbackContext {
  environment: string;
  trigger: 'manual' | 'automatic';
  triggeredBy?: string | undefined;
  // As with `parameters`: declared so in the user's documents, and read so by their executors.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  metadata: Record<string, any>;
}

export type OneOrMore<T> = T | readonly T[];

/** How an earlier step of the same plan ended, as far as the plan went on after it. */
export const stepOutcomes = ['success', 'failed', 'skipped'] as const;
export type StepOutcome = (typeof stepOutcomes)[number];

/** When a step is run. Everything that is written must hold; a list is met by any of its entries. */
export interface StepCondition {
  readonly trigger?: RollbackContext['trigger'] | undefined;
  readonly environment?: OneOrMore<string> | undefined;
  /** The level that the plan is run for; a plan without one meets none. */
  readonly level?: OneOrMore<number> | undefined;
  /** Labels of the incident's first alert. One that is missing meets nothing. */
  readonly labels?: Readonly<Record<string, OneOrMore<string>>> | undefined;
  /** Whether the target has a last known good state. */
  readonly rollbackPoint?: 'present' | 'absent' | undefined;
  /** Outcomes of earlier steps of the plan, by id. */
  readonly steps?: Readonly<Record<string, OneOrMore<StepOutcome>>> | undefined;
  /** At least one of these holds. */
  readonly any?: readonly StepCondition[] | undefined;
  readonly not?: StepCondition | undefined;
}
