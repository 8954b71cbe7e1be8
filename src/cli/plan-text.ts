import type { RungStep } from '../incident/incident.js';
import { levelNames } from '../decision/ladder.js';
import type { PlanDescription, PlanSummary, StepPreview } from '../rollback/plan-description.js';
import { formatDuration } from '../time/duration.js';
import type { Level } from '../trigger/trigger.js';
import type { Output } from './output.js';

const checklistNames: Readonly<Record<string, string>> = { pre: 'before the rollback', during: 'during the rollback', post: 'after the rollback' };

/** A plan and what each of its steps would change, as a person reads it. */
export function planText(plan: PlanDescription, output: Output): string {
  const facts = [
    ...(plan.target === undefined ? ['started by hand only'] : [`target ${plan.target}`]),
    ...(plan.level === undefined ? [] : [`level ${plan.level} (${levelNames[plan.level as Level]})`]),
    ...durations(plan),
    ...(plan.dependencies.length === 0 ? [] : [`after ${plan.dependencies.join(', ')}`]),
  ];
  return [`${output.style('bold', plan.id)}  ${plan.name}`, facts.join(', '), ...(plan.description === '' ? [] : [plan.description]), '', stepsText(plan.steps, output)].join('\n');
}

/** Plans in a table. */
export function plansText(plans: readonly PlanSummary[], output: Output): string {
  return output.table(plans.map((plan) => [plan.id, plan.target ?? 'by hand', plan.level === undefined ? '' : `level ${plan.level}`, durations(plan).join(', '), plan.name]));
}

/** One step after the other: what it is, and what is there → what would be there. */
export function stepsText(steps: readonly StepPreview[], output: Output): string {
  let part: string | undefined;
  return steps
    .flatMap((step, index) => {
      const heading = step.checklist === part || step.checklist === undefined ? [] : [output.style('bold', checklistNames[step.checklist] ?? step.checklist)];
      part = step.checklist ?? part;
      const beside = step.group === undefined ? '' : `, side by side in ${step.group}`;
      return [...heading, `${String(index + 1).padStart(3)}. ${step.name}${output.style('dim', ` (${step.type}${beside})`)}`, ...detailLines(step, output).map((line) => `     ${line}`)];
    })
    .join('\n');
}

/** A step of a rollback as the same preview. */
export function previewOf({ key, name, type, description, skipped, error }: RungStep): StepPreview {
  return { key, name, type, skipped, error, ...description };
}

function detailLines({ summary, skipped, error, when }: StepPreview, output: Output): string[] {
  return [
    ...(summary === undefined ? [] : [summary]),
    ...(skipped === undefined ? [] : [output.style('dim', `left out: ${skipped}`)]),
    ...(error === undefined ? [] : [output.style('red', error)]),
    ...(when === undefined || skipped !== undefined ? [] : [output.style('dim', `when ${JSON.stringify(when)}`)]),
  ];
}

function durations({ estimatedMs, budgetMs }: PlanSummary): string[] {
  return [...(estimatedMs === undefined ? [] : [`estimated ${formatDuration(estimatedMs)}`]), ...(budgetMs === undefined ? [] : [`budget ${formatDuration(budgetMs)}`])];
}
