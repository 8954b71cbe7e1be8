import { instantText } from '../time/instant-text.js';
import { durationText } from './duration-text.js';
import type { PeriodDrills, PeriodFigures, PeriodReport } from './period-report.js';

/** A period as Markdown that also reads well on a terminal: first what matters to somebody who has a minute. */
export function periodMarkdown({ fromAt, toAt, dataFromAt, all, byTarget, byLevel, deployments, failedDeployments, drills }: PeriodReport): string {
  return `${[
    `# Incidents from ${instantText(fromAt)} to ${instantText(toAt)}`,
    ...(dataFromAt === undefined ? [] : [`Only what ended at ${instantText(dataFromAt)} or later is kept (\`retention\` in belay.yaml); what was before it is missing here.`]),
    countsText(all),
    ['By the measures of DORA:', '', `- Time to restore: ${all.restoreMs === undefined ? 'nothing was rolled back and over' : `${durationText(all.restoreMs)}, the median of what was rolled back`}.`, `- Change failure rate: ${rateText(deployments, failedDeployments)}.`].join('\n'),
    '## By target',
    tableText(['Target', 'Incidents', 'Rolled back', 'False alarms', 'Needed a person', 'Downtime', ...times], byTarget, (figures) => [...counts(figures.incidents, figures.rolledBack, figures.falseAlarms, figures.neededPerson), durationText(figures.downtimeMs), ...timesOf(figures)]),
    '## By level',
    tableText(['Highest level', 'Rolled back', 'Needed a person', ...times], byLevel, (figures) => [...counts(figures.rolledBack, figures.neededPerson), ...timesOf(figures)]),
    ...(all.incidents === 0 ? [] : ['Times are medians. Detection: from the first bad sample to the alarm. Decision: from the alarm to the decision to act. Rollback: from the start of the first plan to the end of the last. Restore: from the first bad sample until every alert was clear, of what was rolled back. Downtime is the sum over all incidents.']),
    '## Drills',
    drillText(drills),
  ].join('\n\n')}\n`;
}

const times = ['Detection', 'Decision', 'Rollback', 'Restore'];

function timesOf({ detectionMs, decisionMs, rollbackMs, restoreMs }: PeriodFigures): readonly string[] {
  return [detectionMs, decisionMs, rollbackMs, restoreMs].map(durationText);
}

function counts(...numbers: readonly number[]): readonly string[] {
  return numbers.map(String);
}

/** An incident may stand in several lines: one that was rolled back may have needed a person as well. */
function countsText({ incidents, rolledBack, recovered, neededPerson, falseAlarms, dryRuns }: PeriodFigures): string {
  if (incidents === 0) return 'No incidents.';
  const lines = [
    `${rolledBack} rolled back`,
    ...(dryRuns === 0 ? [] : [`${dryRuns} as a dry run, which changed nothing`]),
    ...(falseAlarms === 0 ? [] : [`${falseAlarms} over by ${falseAlarms === 1 ? 'itself' : 'themselves'} with nothing done: false ${falseAlarms === 1 ? 'alarm' : 'alarms'}`]),
    `${neededPerson} needed a person`,
    `${recovered} recovered`,
  ];
  return [`${incidents} ${incidents === 1 ? 'incident' : 'incidents'}, of which:`, lines.map((line) => `- ${line}`).join('\n')].join('\n\n');
}

function rateText(deployments: number, failed: number): string {
  if (deployments === 0) return 'no deployment was marked';
  return `${Math.round((failed / deployments) * 1000) / 10}%, ${failed} of ${deployments} marked ${deployments === 1 ? 'deployment' : 'deployments'} led to a rollback`;
}

function drillText({ passed, failed, cutOff, skipped, gaps }: PeriodDrills): string {
  if (passed + failed + cutOff + skipped === 0) return 'None: nothing was practised.';
  const told = `${passed} went well, ${failed} failed, ${cutOff} ${cutOff === 1 ? 'was' : 'were'} cut off, ${skipped} ${skipped === 1 ? 'was' : 'were'} not held when due.`;
  return gaps.length === 0 ? told : `${told} What they found:\n\n${gaps.map((gap) => `- ${gap.replaceAll(/\s+/g, ' ')}`).join('\n')}`;
}

function tableText(columns: readonly string[], groups: Readonly<Record<string, PeriodFigures>>, cellsOf: (figures: PeriodFigures) => readonly string[]): string {
  const rows = Object.entries(groups).map(([group, figures]) => [group, ...cellsOf(figures)]);
  if (rows.length === 0) return 'None.';
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, index) => cell.replaceAll('|', '\\|').padEnd(widths[index] ?? 0)).join(' | ')} |`;
  return [line(columns), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
