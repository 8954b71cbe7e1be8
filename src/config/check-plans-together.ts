import { relative } from 'node:path';
import { leavesToMatrix, reaches } from './asked-levels.js';
import { templateReferences } from '../rollback/template.js';
import type { Named } from './belay-part.js';
import { checkKnown } from './check-known.js';
import type { PlanPart } from './plans-part.js';
import type { WrittenMatrixRow } from './matrix-schema.js';
import { listOf, recordOf } from './check-schema.js';
import type { Path, Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';
import { textsIn } from './texts-in.js';
import type { YamlDocument } from './yaml-document.js';

/** How another place is named in a problem of `from`: `plans/checkout.yaml:3`, or `line 3` in the same file. */
export function placeOf(document: YamlDocument, path: Path, from: YamlDocument, directory: string): string {
  const line = document.lineOf(path);
  return document.file === from.file ? `line ${line}` : `${relative(directory, document.file)}:${line}`;
}

/** What plans are to each other and to the triggers. `isComplete`: every file of plans could be read. */
export function checkPlansTogether(plans: readonly PlanPart[], triggers: readonly TriggerPart[], matrix: readonly WrittenMatrixRow[], directory: string, isComplete: boolean): readonly Problem[] {
  const byId = new Map<string, PlanPart>();
  for (const plan of plans) {
    const { id } = plan.written;
    if (typeof id === 'string' && !byId.has(id)) byId.set(id, plan);
  }
  return [
    ...checkIds(plans, byId, directory),
    ...(isComplete ? checkDependencies(plans, byId) : []),
    ...checkCycles(plans, byId),
    ...checkRungs(plans, triggers, matrix, directory),
    ...(isComplete ? checkRollbackPoints(plans) : []),
    ...(isComplete ? checkPinned(triggers, byId) : []),
  ];
}

function checkIds(plans: readonly PlanPart[], byId: Named<PlanPart>, directory: string): readonly Problem[] {
  return plans.flatMap((plan) => {
    const { id } = plan.written;
    const first = typeof id === 'string' ? byId.get(id) : undefined;
    if (first === undefined || first === plan) return [];
    return [plan.document.problem([...plan.path, 'id'], `another plan has the id "${String(id)}" (${placeOf(first.document, [...first.path, 'id'], plan.document, directory)})`)];
  });
}

function dependenciesOf({ fields }: PlanPart): readonly string[] {
  return fields.dependencies ?? [];
}

function checkDependencies(plans: readonly PlanPart[], byId: Named<PlanPart>): readonly Problem[] {
  return plans.flatMap((plan) => dependenciesOf(plan).flatMap((id, index) => checkKnown(plan.document, [...plan.path, 'dependencies', index], id, byId, 'plan', 'plans/')));
}

/** Each circle once, at the dependency that closes it. */
function checkCycles(plans: readonly PlanPart[], byId: Named<PlanPart>): readonly Problem[] {
  const done = new Set<PlanPart>();
  const problems: Problem[] = [];
  const visit = (plan: PlanPart, above: readonly PlanPart[]): void => {
    const here = [...above, plan];
    dependenciesOf(plan).forEach((id, index) => {
      const next = byId.get(id);
      if (next === undefined || done.has(next)) return;
      if (!here.includes(next)) {
        visit(next, here);
        return;
      }
      const circle = [...here.slice(here.indexOf(next)), next].map(({ written }) => String(written['id'])).join(' → ');
      problems.push(plan.document.problem([...plan.path, 'dependencies', index], `plans depend on each other in a circle: ${circle}`));
    });
    done.add(plan);
  };
  for (const plan of plans) if (!done.has(plan)) visit(plan, []);
  return problems;
}

/** Two plans of one target and level leave it open which one runs, unless every trigger that gets there names one. */
function checkRungs(plans: readonly PlanPart[], triggers: readonly TriggerPart[], matrix: readonly WrittenMatrixRow[], directory: string): readonly Problem[] {
  const groups = new Map<string, PlanPart[]>();
  for (const plan of plans) {
    const { written, fields } = plan;
    if (typeof written['target'] !== 'string' || fields.level === undefined) continue;
    const rung = JSON.stringify([written['target'], fields.level]);
    groups.set(rung, [...(groups.get(rung) ?? []), plan]);
  }
  return [...groups.values()].flatMap(([first, ...others]) => {
    const [second] = others;
    if (first === undefined || second === undefined || isPinned([first, ...others], triggers, matrix)) return [];
    const { target, level } = second.written;
    return others.map((plan) =>
      plan.document.problem([...plan.path, 'level'], `another plan is on level ${String(level)} of ${String(target)} (${placeOf(first.document, [...first.path, 'level'], plan.document, directory)})`, {
        hint: 'keep one, or let every trigger of this level name its plan with "plan: ID"',
      }),
    );
  });
}

function isPinned(rivals: readonly PlanPart[], triggers: readonly TriggerPart[], matrix: readonly WrittenMatrixRow[]): boolean {
  const [{ written: { target }, fields: { level = 0 } }] = rivals as [PlanPart];
  const own = triggers.filter((trigger) => trigger.target === target);
  const ids = new Set(rivals.map(({ written }) => written['id']));
  const asks = [...own.map(({ fields }) => fields), ...(own.some(leavesToMatrix) ? matrix : [])];
  return asks.some(({ plan }) => ids.has(plan)) && !asks.some((request) => reaches(request, level));
}

function checkPinned(triggers: readonly TriggerPart[], byId: Named<PlanPart>): readonly Problem[] {
  return triggers.flatMap(({ document, path, target, fields: { plan: id } }) => {
    if (id === undefined) return [];
    const at = [...path, 'plan'];
    const plan = byId.get(id);
    if (plan === undefined) return checkKnown(document, at, id, byId, 'plan', 'plans/');
    const { target: planTarget, level } = plan.written;
    if (planTarget === undefined || level === undefined) return [document.problem(at, `the plan "${id}" has no target and level, so it can be started by hand only`)];
    return planTarget === target || target === undefined ? [] : [document.problem(at, `the plan "${id}" is for ${JSON.stringify(planTarget)}, not for "${target}"`)];
  });
}

/** A plan without a target has no rollback point of its own; only as a dependency it is given that of another. */
function checkRollbackPoints(plans: readonly PlanPart[]): readonly Problem[] {
  const needed = new Set(plans.flatMap(dependenciesOf));
  return plans.flatMap(({ document, path, written }) => {
    if (written['target'] !== undefined || needed.has(String(written['id']))) return [];
    return listOf(written['steps']).flatMap((step, index) => {
      const at = [...path, 'steps', index, 'parameters'];
      return textsIn(recordOf(step)['parameters'], at).flatMap(({ text, path: place }) =>
        templateReferences(text)
          .filter(({ root, problem }) => root === 'rollbackPoint' && problem === undefined)
          .map(({ reference }) => document.problemInText(place, Math.max(0, text.indexOf(reference) - 2), `\${${reference}} has no value, because the plan has no target that could have a rollback point`, { hint: 'add target: NAME' })),
      );
    });
  });
}
