import type { Level, LevelRange } from '../trigger/trigger.js';

export const levelNames: Readonly<Record<Level, string>> = {
  1: 'feature flag',
  2: 'configuration',
  3: 'code',
  4: 'database',
  5: 'full system',
};

/** A plan that can stand on a ladder. */
export interface PlanRung {
  readonly planId: string;
  readonly level: Level;
  /** The highest level among the plan and the plans that it depends on: what approval goes by. */
  readonly governingLevel: Level;
  /** What it and the plans that it depends on need of the rollback point: `version`, `flags.new-checkout`. */
  readonly needs: readonly string[];
  /** Whether one of their steps brings a version back, so that it may turn out to run already. */
  readonly deploys: boolean;
  /** Whether they change flags, configuration or data too, which may be wrong while the version is right. */
  readonly changesMore: boolean;
  /** The `approval:` of the plan and of those that it depends on: scenarios of `policy.approvals`. */
  readonly scenarios?: readonly string[] | undefined;
}

/** What one firing alert asks for. */
export interface LadderRequest {
  readonly levels?: LevelRange | undefined;
  /** The trigger's `plan:`: that plan and no other on its level. */
  readonly planId?: string | undefined;
  /** The `approval:` of the trigger and of the row of the matrix: scenarios of `policy.approvals`. */
  readonly scenarios?: readonly string[] | undefined;
}

/** `level 3`, `levels 1 to 3`. */
export function rangeText({ from, to }: LevelRange): string {
  return from === to ? `level ${from}` : `levels ${from} to ${to}`;
}

/** From the highest low end of the ranges to the highest high end; `undefined` when nothing asks for a level. */
export function ladderOf(requests: readonly LadderRequest[], plans: readonly PlanRung[]): LevelRange | undefined {
  const ranges = requests.flatMap(({ levels, planId }) => {
    const pinned = plans.find((plan) => plan.planId === planId);
    return pinned === undefined ? (levels ?? []) : { from: pinned.level, to: pinned.level };
  });
  if (ranges.length === 0) return undefined;
  return {
    from: Math.max(...ranges.map((range) => range.from)) as Level,
    to: Math.max(...ranges.map((range) => range.to)) as Level,
  };
}

/** The rungs of a ladder that have a plan, lowest first. Where a level has several plans, the one that a trigger names. */
export function rungsOf(ladder: LevelRange, requests: readonly LadderRequest[], plans: readonly PlanRung[]): readonly PlanRung[] {
  const named = new Set(requests.map((request) => request.planId));
  const byLevel = new Map<Level, PlanRung>();
  for (const plan of plans) {
    if (plan.level < ladder.from || plan.level > ladder.to) continue;
    const other = byLevel.get(plan.level);
    if (other === undefined || (named.has(plan.planId) && !named.has(other.planId))) byLevel.set(plan.level, plan);
  }
  return [...byLevel.values()].sort((a, b) => a.level - b.level);
}
