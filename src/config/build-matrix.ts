import type { MatrixOutcome, MatrixRow } from '../decision/matrix.js';
import type { Level } from '../trigger/trigger.js';
import { rangeOf } from './build-triggers.js';
import type { WrittenMatrixRow } from './matrix-schema.js';

/** A plan as far as a row goes by it. */
export interface MatrixPlan {
  readonly id: string;
  readonly target?: string | undefined;
  readonly level?: Level | undefined;
}

/** The rows as decisions read them. A row whose plan stands nowhere is left out; `belay check` has told of it. */
export function buildMatrix(rows: readonly WrittenMatrixRow[], plans: readonly MatrixPlan[]): readonly MatrixRow[] {
  return rows.flatMap((row, index) => {
    const { severity, impact, timeToFix, issueType, approval } = row;
    const outcome = outcomeOf(row, plans);
    return outcome === undefined ? [] : [{ number: index + 1, severities: typeof severity === 'string' ? [severity] : severity, impact, timeToFix, issueType, outcome, approval }];
  });
}

function outcomeOf({ level, levels, plan: planId }: WrittenMatrixRow, plans: readonly MatrixPlan[]): MatrixOutcome | undefined {
  const range = rangeOf(level, levels);
  if (range !== undefined) return { kind: 'levels', levels: range };
  if (planId === undefined) return { kind: 'fix-forward' };
  const plan = plans.find(({ id }) => id === planId);
  return plan?.target === undefined || plan.level === undefined ? undefined : { kind: 'plan', planId, level: plan.level, target: plan.target };
}
