import { approvalLines } from './approval-text.js';
import { instantText } from '../time/instant-text.js';
import { decisionGrounds } from '../decision/grounds.js';
import { levelNames } from '../decision/ladder.js';
import type { Incident, IncidentStatus, Rung, RungStep } from '../incident/incident.js';
import { formatDuration } from '../time/duration.js';
import type { Output } from './output.js';

/** An incident as a person reads it from top to bottom: what fired, what was decided and why, what was done, how it ended. */
export function incidentText(incident: Incident, output: Output): string {
  const { id, target, environment, status, openedAt, endedAt } = incident;
  const lines = [
    `${output.style('bold', target)} (${environment})  ${statusText(status, output)}  ${id}`,
    `opened ${instantText(openedAt)}${endedAt === undefined ? '' : `, ended ${instantText(endedAt)} (${span(openedAt, endedAt)})`}`,
  ];
  if (incident.resolution !== undefined) lines.push(incident.resolution.explanation);
  if (incident.needsHuman !== undefined && endedAt === undefined) lines.push(output.style('red', `needs a person: ${incident.needsHuman.explanation}`));
  for (const { by, at } of incident.acknowledged) lines.push(`seen by ${by} ${instantText(at)}`);
  for (const { at, step, to } of incident.escalations) lines.push(`called ${to.join(', ')} ${instantText(at)} (step ${step}), because nobody had answered`);
  lines.push('', output.style('bold', 'alerts'));
  for (const { evidence, firedAt, clearedAt, duringRollback } of incident.alerts) {
    const state = clearedAt === undefined ? 'firing' : `cleared ${instantText(clearedAt)}`;
    lines.push(`  ${evidence.trigger} (${evidence.severity})  ${evidence.value ?? 'unknown'} ${evidence.condition} ${evidence.window}  since ${instantText(evidence.activeAt ?? firedAt)}, ${state}${duringRollback ? ', began during a rollback' : ''}`);
    lines.push(output.style('dim', `    ${evidence.query}`));
  }
  lines.push('', output.style('bold', 'decisions'));
  for (const decision of incident.decisions) {
    lines.push(`  ${instantText(decision.at)}  ${decision.kind}${decision.mode === 'dry-run' ? ' (DRY RUN)' : ''}: ${decision.reason}`);
    lines.push(output.style('dim', `    ${decision.explanation}`));
    lines.push(...decisionGrounds(decision).map((line) => output.style('dim', `    ${line}`)));
    for (const { step, summary } of decision.wouldDo ?? []) lines.push(output.style('dim', `    would do: ${step} — ${summary}`));
  }
  if (incident.approvals.length > 0) lines.push('', output.style('bold', 'approvals'), ...incident.approvals.flatMap((approval) => approvalLines(approval, output)));
  for (const rung of incident.rungs) lines.push('', ...rungLines(rung, output));
  return lines.join('\n');
}

export function statusText(status: IncidentStatus, output: Output): string {
  const styles = { open: 'red', 'awaiting-approval': 'yellow', 'rolling-back': 'yellow', verifying: 'yellow', 'needs-human': 'red', recovered: 'green', closed: 'dim' } as const;
  return output.style(styles[status], status);
}

function span(fromAt: number, toAt: number): string {
  return formatDuration(Math.round((toAt - fromAt) / 1000) * 1000);
}

function rungLines(rung: Rung, output: Output): string[] {
  const level = rung.level === undefined ? '' : `level ${rung.level} (${levelNames[rung.level]}): `;
  const outcome = rung.outcome ?? 'under way';
  const lines = [
    `${output.style('bold', `${level}${rung.undoes === undefined ? '' : 'undo of '}plan ${rung.planId}`)}  ${outcome}${rung.mode === 'enforce' ? '' : '  DRY RUN'}  ${rung.executionId}`,
    `  ${rung.trigger}, by ${rung.by}, ${instantText(rung.startedAt)}${rung.endedAt === undefined ? '' : ` for ${span(rung.startedAt, rung.endedAt)}`}${allowedText(rung, output)}`,
    ...rung.steps.flatMap((step) => stepLines(step, output)),
  ];
  const result = rung.verification?.result;
  if (rung.verification !== undefined) lines.push(`  verification: ${result === undefined ? 'under way' : `${result.outcome}. ${result.explanation}`}`);
  return lines;
}

function allowedText({ estimatedMs, budgetMs, overBudgetAt }: Rung, output: Output): string {
  const parts = [...(estimatedMs === undefined ? [] : [`estimated ${formatDuration(estimatedMs)}`]), ...(budgetMs === undefined ? [] : [`budget ${formatDuration(budgetMs)}`])];
  if (overBudgetAt !== undefined) parts.push(output.style('red', 'over budget'));
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function stepLines(step: RungStep, output: Output): string[] {
  const marks = { waiting: '·', running: '▶', retrying: '↻', success: output.style('green', '✓'), failed: output.style('red', '✗'), parked: output.style('red', '‖'), 'would-have': '○', skipped: output.style('dim', '–') };
  const took = step.startedAt === undefined || step.endedAt === undefined ? '' : `  ${((step.endedAt - step.startedAt) / 1000).toFixed(1)} s`;
  const attempts = step.attempts > 1 ? `  ${step.attempts} attempts` : '';
  const lines = [`  ${marks[step.status]} ${step.name}${took}${attempts}${step.alreadySo === true ? '  was so already' : ''}`];
  if (step.skipped !== undefined) lines.push(output.style('dim', `      ${step.skipped}`));
  if (step.description !== undefined) lines.push(output.style('dim', `      ${step.description.summary}`));
  if (step.error !== undefined) lines.push(output.style('red', `      ${step.error}`));
  return lines;
}
