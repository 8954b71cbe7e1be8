import { planOrder } from './plan-order.js';
import type { PlannedStep } from './planned-step.js';
import type { RollbackContext, RollbackPlan } from './rollback-plan.js';
import { budgetMsOf } from './step-timing.js';

/** A plan as people list it. Durations in milliseconds. */
export interface PlanSummary {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly phase: string;
  readonly target?: string | undefined;
  readonly level?: number | undefined;
  /** All that runs before it, in order. */
  readonly dependencies: readonly string[];
  readonly estimatedMs?: number | undefined;
  readonly budgetMs?: number | undefined;
  readonly stepCount: number;
}

/** One step with what it would change now. */
export interface StepPreview {
  /** `planId/stepId`. */
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly group?: string | undefined;
  readonly checklist?: string | undefined;
  /** One line: `flag new-checkout in flags.json: on → off`. */
  readonly summary?: string | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Why it would be left out. */
  readonly skipped?: string | undefined;
  /** Why it cannot be told. */
  readonly error?: string | undefined;
  /** The condition under which it is run, where that is known only when earlier steps have ended. */
  readonly when?: unknown;
}

export type PlanDescription = PlanSummary & { readonly steps: readonly StepPreview[] };

/** Throws as `planOrder` does. */
export function planSummary(plan: RollbackPlan, getPlan: (id: string) => RollbackPlan | undefined): PlanSummary {
  const { id, name, description, phase, target, level, estimatedDuration } = plan;
  const order = planOrder(id, getPlan);
  return {
    id, name, description, phase, target, level,
    dependencies: order.slice(0, -1).map((dependency) => dependency.id),
    estimatedMs: estimatedDuration === 0 ? undefined : estimatedDuration * 60_000,
    budgetMs: budgetMsOf(plan),
    stepCount: order.reduce((count, { steps: own }) => count + own.length, 0),
  };
}

export function stepPreview({ key, step, skip, description, error }: PlannedStep): StepPreview {
  const { name, type, group, checklist, when } = step;
  return { key, name, type, group, checklist, when, skipped: skip, error, ...description };
}

/** What a plan would be run with if somebody started it by hand now. */
export function previewContext(plan: RollbackPlan, environment: string, rollbackPoint: Readonly<Record<string, unknown>>, by: string): RollbackContext {
  return { environment, trigger: 'manual', triggeredBy: by, metadata: { target: plan.target, level: plan.level, labels: {}, rollbackPoint } };
}
