import type { BelayPart } from './belay-part.js';
import { listOf, recordOf } from './check-schema.js';
import type { PlanPart } from './plans-part.js';
import type { Problem } from './problem.js';

/** Steps that restore from backups of which nobody has said how old they may be: none would be good enough. */
export function checkBackupAges(plans: readonly PlanPart[], { bindings: { databases }, targets }: BelayPart): readonly Problem[] {
  return plans.flatMap((plan) =>
    listOf(plan.written['steps']).flatMap((step, index) => {
      const { type, parameters } = recordOf(step);
      const database = recordOf(parameters)['database'];
      const binding = type === 'data' && typeof database === 'string' ? databases?.get(database) : undefined;
      if (binding === undefined || !('backups' in binding) || binding.backups === 'none' || binding.backups.maxAge !== undefined) return [];
      const at = [...plan.path, 'steps', index, 'parameters', 'database'];
      const maxAge = `backups.maxAge to the database "${String(database)}"`;
      const names = targetsOf(plan, plans);
      if (names.length === 0) return [plan.document.problem(at, 'nobody has said how old a backup may be, since no target with an rpo is meant', { hint: `add ${maxAge} in belay.yaml, or write target: NAME in the plan` })];
      return names
        .filter((name) => targets?.get(name) !== undefined && targets.get(name)?.rpo === undefined)
        .map((name) => plan.document.problem(at, 'nobody has said how old a backup may be', { hint: `add rpo to the target "${name}", or ${maxAge}, in belay.yaml` }));
    }),
  );
}

/** Whom a plan is run for: its own target, or those of the plans that it is run before. */
function targetsOf(plan: PlanPart, plans: readonly PlanPart[], seen: ReadonlySet<PlanPart> = new Set()): readonly string[] {
  const { target, id } = plan.written;
  if (typeof target === 'string') return [target];
  const known = new Set([...seen, plan]);
  return [...new Set(plans.filter((other) => !known.has(other) && listOf(other.written['dependencies']).includes(id)).flatMap((other) => targetsOf(other, plans, known)))];
}
