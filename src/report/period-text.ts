import { instantText } from '../time/instant-text.js';
import { durationText } from './report-blocks.js';
import type { PeriodDrills, PeriodFigures, PeriodReport } from './period-report.js';

/** A period as Markdown that also reads well on a terminal. */
export function periodMarkdown({ fromAt, toAt, dataFromAt, all, byTarget, byLevel, deployments, changeFailureRate, drills }: PeriodReport): string {
  const rate = changeFailureRate === undefined ? 'no deployment was marked' : `${Math.round(changeFailureRate * 1000) / 10}% of ${deployments} deployments`;
  return `${[
    `# Incidents from ${instantText(fromAt)} to ${instantText(toAt)}`,
    ...(dataFromAt === undefined ? [] : [`Only what ended at ${instantText(dataFromAt)} or later is kept (\`retention\` in belay.yaml); what was before it is missing here.`]),
    `${all.incidents} incidents: ${all.rolledBack} rolled back, ${all.recovered} recovered, ${all.neededPerson} needed a person, ${all.falseAlarms} were over by themselves.`,
    `Change failure rate: ${rate}. Time to restore: ${durationText(all.restoreMs)} (median).`,
    '## By target',
    figuresTable('Target', byTarget),
    '## By level',
    figuresTable('Highest level', byLevel),
    '## Drills',
    drillText(drills),
  ].join('\n\n')}\n`;
}

function drillText({ passed, failed, cutOff, skipped, gaps }: PeriodDrills): string {
  if (passed + failed + cutOff + skipped === 0) return 'None: nothing was practised.';
  const counts = `${passed} went well, ${failed} failed, ${cutOff} were cut off, ${skipped} were not held when they were due.`;
  return gaps.length === 0 ? counts : `${counts}\n\n${gaps.map((gap) => `- ${gap.replaceAll(/\s+/g, ' ')}`).join('\n')}`;
}

function figuresTable(name: string, groups: Readonly<Record<string, PeriodFigures>>): string {
  const columns = [name, 'Incidents', 'Rolled back', 'Needed a person', 'False alarms', 'Detection', 'Decision', 'Rollback', 'Restore'];
  const rows = Object.entries(groups).map(([group, figures]) => [
    group,
    ...[figures.incidents, figures.rolledBack, figures.neededPerson, figures.falseAlarms].map(String),
    ...[figures.detectionMs, figures.decisionMs, figures.rollbackMs, figures.restoreMs].map(durationText),
  ]);
  if (rows.length === 0) return 'None.';
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, index) => cell.replaceAll('|', '\\|').padEnd(widths[index] ?? 0)).join(' | ')} |`;
  return [line(columns), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
