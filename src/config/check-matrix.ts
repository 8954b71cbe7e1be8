import { matrixAnswer, type MatrixRow, rowText } from '../decision/matrix.js';
import type { Severity } from '../trigger/trigger.js';
import { leavesToMatrix, reaches } from './asked-levels.js';
import type { BelayPart } from './belay-part.js';
import { buildMatrix, type MatrixPlan } from './build-matrix.js';
import { checkKnown } from './check-known.js';
import { representativeQuestions } from './matrix-questions.js';
import type { WrittenMatrixRow } from './matrix-schema.js';
import type { PlanPart } from './plans-part.js';
import type { Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';
import { severitiesOf } from './severities.js';

/** Rows that can never match, rows that nothing can be done by, and triggers that the matrix has no answer for. */
export function checkMatrix(
  { document, matrix }: BelayPart,
  triggers: readonly TriggerPart[],
  plans: readonly PlanPart[],
  { rulesComplete, plansComplete }: { readonly rulesComplete: boolean; readonly plansComplete: boolean },
): readonly Problem[] {
  if (matrix === undefined || matrix.length === 0) return [];
  const left = triggers.filter(leavesToMatrix);
  const rows = buildMatrix(matrix, plans.map(standingOf));
  return [
    ...checkCells(document, matrix, rows),
    ...(plansComplete ? matrix.flatMap((row, index) => checkPlanOf(document, row, index, plans)) : []),
    ...(plansComplete ? left.flatMap((trigger) => checkAnswers(trigger, rows, matrix, plans)) : []),
    ...(rulesComplete && left.length === 0
      ? [document.problem(['policy', 'matrix'], 'no trigger asks the matrix: each has level, levels or plan, or only monitors', { severity: 'warning', atKey: true })]
      : []),
  ];
}

function standingOf({ written, fields }: PlanPart): MatrixPlan {
  const target = written['target'];
  return { id: String(written['id']), target: typeof target === 'string' ? target : undefined, level: fields.level };
}

/** A row that no question meets: its cells contradict what there can be, or rows before it take all that it would match. */
function checkCells(document: BelayPart['document'], matrix: readonly WrittenMatrixRow[], rows: readonly MatrixRow[]): readonly Problem[] {
  return rows.flatMap((row) => {
    const at = ['policy', 'matrix', row.number - 1];
    const questions = representativeQuestions(row, rows);
    if (questions.length === 0) {
      const key = row.impact !== undefined && representativeQuestions({ ...row, timeToFix: undefined }, rows).length === 0 ? 'impact' : 'timeToFix';
      return [document.problem([...at, key], `"${String(row[key]?.text)}" never holds`, { hint: key === 'impact' ? 'an impact is a share from 0% to 100%' : 'a time to fix is longer than 0s' })];
    }
    // A row with a plan answers for that plan's target alone, so it hides nothing from the others.
    const before = rows.filter(({ number, outcome }) => number < row.number && (outcome.kind !== 'plan' || (row.outcome.kind === 'plan' && row.outcome.target === outcome.target)));
    const taken = questions.map((question) => before.find((other) => matches(other, question)));
    if (taken.includes(undefined)) return [];
    const takers = [...new Set(taken.map((taker) => taker?.number))].sort();
    return [document.problem(at, `row ${row.number} can never match: ${takers.length === 1 ? `row ${String(takers[0])} takes` : `rows ${takers.join(', ')} take`} all that it would match`, { hint: 'put it before, or take it out' })];
  });
}

function matches(row: MatrixRow, question: Parameters<typeof matrixAnswer>[1]): boolean {
  return matrixAnswer([row], question).kind === 'row';
}

function checkPlanOf(document: BelayPart['document'], { plan: id, level, levels }: WrittenMatrixRow, index: number, plans: readonly PlanPart[]): readonly Problem[] {
  const at = ['policy', 'matrix', index];
  if (id === undefined) {
    if ((level === undefined && levels === undefined) || plans.some(({ fields }) => fields.level !== undefined && reaches({ level, levels }, fields.level))) return [];
    return [document.problem([...at, level === undefined ? 'levels' : 'level'], 'no plan of any target stands there', { severity: 'warning' })];
  }
  const plan = plans.find(({ written }) => written['id'] === id);
  if (plan === undefined) return checkKnown(document, [...at, 'plan'], id, new Map(plans.map((known) => [String(known.written['id']), known])), 'plan', 'plans/');
  const { target, level: stands } = standingOf(plan);
  return target === undefined || stands === undefined ? [document.problem([...at, 'plan'], `the plan "${id}" has no target and level, so it can be started by hand only`)] : [];
}

/** What the matrix can answer a trigger with must be something that its target can do. */
function checkAnswers(trigger: TriggerPart, rows: readonly MatrixRow[], matrix: readonly WrittenMatrixRow[], plans: readonly PlanPart[]): readonly Problem[] {
  const { document, path, target, fields } = trigger;
  if (target === undefined) return [];
  const reached = rows.filter((row) => mayMeet(row, trigger));
  if (reached.length === 0) {
    return [document.problem(path, 'no row of policy.matrix can match this trigger, so it would only tell people', { severity: 'warning', hint: 'add a row, or write levels, or response: monitor' })];
  }
  const own = plans.filter(({ written }) => written['target'] === target).flatMap(({ fields: { level } }) => level ?? []);
  return reached.flatMap((row) => {
    const { outcome, number } = row;
    if (outcome.kind !== 'levels' || own.some((level) => outcome.levels.from <= level && level <= outcome.levels.to)) return [];
    const written = matrix[number - 1];
    const range = written?.level === undefined ? `levels ${outcome.levels.from}-${outcome.levels.to}` : `level ${written.level}`;
    return [document.problem([...path, 'name'], `no plan for ${range} of ${target}, where ${rowText(row)} may send ${String(fields.name)}`, { hint: `add a plan with target: ${target} and level: ${outcome.levels.from}, or change the row` })];
  });
}

/** Whether a row can match what is declared of a trigger; an impact that is asked for may be any. */
function mayMeet(row: MatrixRow, { target, fields, written }: TriggerPart): boolean {
  if (row.outcome.kind === 'plan' && row.outcome.target !== target) return false;
  const { impact, timeToFix: timeToFixMs, issueType, severity = 'high' } = fields;
  const severities: readonly Severity[] = written['severities'] === undefined ? [severity] : severitiesOf(fields).map(([each]) => each);
  const isAsked = impact !== undefined && !('share' in impact);
  const asked = isAsked ? { ...row, impact: undefined } : row;
  const known = impact !== undefined && 'share' in impact ? ({ kind: 'known', share: impact.share } as const) : undefined;
  return severities.some((each) => matches(asked, { severity: each, impact: known, timeToFixMs, issueType }));
}
