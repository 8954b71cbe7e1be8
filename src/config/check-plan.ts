import { stepOrderProblem } from '../rollback/registered-plan.js';
import type { BelayPart } from './belay-part.js';
import { checkCheck } from './check-check.js';
import { checkKnown } from './check-known.js';
import { listOf, recordOf } from './check-schema.js';
import { checkStep } from './check-step.js';
import type { PlanPart } from './plans-part.js';
import type { Path, Problem } from './problem.js';
import { textsIn } from './texts-in.js';

/** What the schema cannot see of one plan. `belay` is absent while belay.yaml cannot be read. */
export function checkPlan(plan: PlanPart, belay: BelayPart | undefined): readonly Problem[] {
  const { document, path, written } = plan;
  const steps = listOf(written['steps']);
  const approvals = belay?.approvals;
  return [
    ...checkKnown(document, [...path, 'target'], written['target'], belay?.targets, 'target', 'belay.yaml'),
    ...(written['level'] !== undefined && written['target'] === undefined ? [document.problem([...path, 'level'], 'a plan with a level needs a target', { hint: 'add target: NAME' })] : []),
    ...checkKnown(document, [...path, 'approval'], written['approval'], approvals, 'approval', 'policy.approvals of belay.yaml'),
    ...checkStepIds(plan, steps),
    ...steps.flatMap((step, index) => checkStep(plan, [...path, 'steps', index], step, belay)),
    ...checkStepOrder(plan),
    ...checkVerification(plan, belay),
  ];
}

function checkStepIds({ document, path }: PlanPart, steps: readonly unknown[]): readonly Problem[] {
  const ids = steps.map((step) => recordOf(step)['id']);
  return ids.flatMap((id, index) => {
    const first = ids.indexOf(id);
    if (typeof id !== 'string' || first === index) return [];
    return [document.problem([...path, 'steps', index, 'id'], `another step has the id "${id}" (line ${document.lineOf([...path, 'steps', first, 'id'])})`)];
  });
}

/** Groups, conditions on other steps and checklists say something about where steps stand. */
function checkStepOrder({ document, path, fields: { steps = [] } }: PlanPart): readonly Problem[] {
  return steps.flatMap((_step, index) => {
    const problem = stepOrderProblem(steps, index);
    return problem === undefined ? [] : [document.problem([...path, 'steps', index, problem.key], problem.message)];
  });
}

function checkVerification({ document, path, written, fields, secrets }: PlanPart, belay: BelayPart | undefined): readonly Problem[] {
  const at: Path = [...path, 'verification'];
  const { verification } = fields;
  const checks = listOf(recordOf(written['verification'])['checks']);
  const problems = secrets.shown(checks.flatMap((check, index) => checkCheck(document, [...at, 'checks', index], check, belay)), document.data, () => []);
  const references = textsIn(written['verification'], at).flatMap(({ text, path: place }) => {
    const left = secrets.at(place)?.written ?? text;
    return left.includes('${') ? [document.problem(place, 'only ${env:NAME} and ${file:/path} can stand in a verification')] : [];
  });
  if (verification !== undefined && verification.hold > verification.timeout) {
    return [...problems, ...references, document.problem([...at, 'hold'], '"hold" is longer than "timeout", so nothing could ever count as recovered')];
  }
  return [...problems, ...references];
}
