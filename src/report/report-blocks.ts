import { formatDuration } from '../time/duration.js';
import { instantText } from '../time/instant-text.js';
import { type CustomerMessage, customersToldText, wayText } from './customers-told.js';
import { durationText } from './duration-text.js';
import type { IncidentReport, MeasuredImpact, ReportedRollback } from './incident-report.js';
import type { TimelineEntry } from './incident-timeline.js';
import { reportFields, type ReportField } from './report-fields.js';

/** One item of a list, with lines below it. `code` is shown as it is. */
export interface ReportItem {
  readonly text: string;
  readonly below?: readonly { readonly text: string; readonly code?: boolean }[] | undefined;
}

/** A report as a row of blocks, which Markdown and HTML write in their own ways. All text is plain. */
export type ReportBlock =
  | { readonly kind: 'heading'; readonly depth: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'table'; readonly rows: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: 'timeline'; readonly entries: readonly TimelineEntry[] }
  | { readonly kind: 'list'; readonly items: readonly ReportItem[] }
  /** What only people know. */
  | { readonly kind: 'field'; readonly field: ReportField; readonly label: string }
  | { readonly kind: 'plots' };

/** All of a report, in the order in which it is read. */
export function reportBlocks(report: IncidentReport): readonly ReportBlock[] {
  const { times, objectives, actions } = report;
  const { rtoMs, rtoKept, rpoMs } = objectives;
  return [
    heading(1, `${report.dryRun ? 'DRY RUN: ' : ''}Incident report: ${report.target} (${report.environment})`),
    table(['Incident', report.id], ['Severity', report.severity ?? 'started by hand'], ['Status', statusText(report.status)], ['Date', instantText(times.beganAt).slice(0, 10)], ['Owners', report.owners.join(', ') || '—']),
    heading(2, 'Summary'),
    { kind: 'paragraph', text: report.summary },
    { kind: 'plots' },
    heading(2, 'Timeline'),
    { kind: 'timeline', entries: report.timeline },
    heading(2, 'Times'),
    table(
      ['Time to detection', durationText(times.detectionMs)],
      ['Time to decision', durationText(times.decisionMs)],
      ['Time to rollback', durationText(times.rollbackMs)],
      ['Total downtime', durationText(times.downtimeMs)],
      ['RTO', rtoMs === undefined ? 'none declared' : `${formatDuration(rtoMs)}${rtoKept === undefined ? '' : rtoKept ? ', kept' : ', missed'}`],
      ['RPO', rpoMs === undefined ? 'none declared' : formatDuration(rpoMs)],
    ),
    heading(2, 'Impact'),
    table(['Downtime', durationText(times.downtimeMs)], ...report.impact.map(impactRow)),
    ...fields('users-affected', 'data-lost', 'revenue'),
    heading(2, 'Root cause'),
    ...fields('what-broke', 'why-it-broke', 'why-not-caught'),
    heading(2, 'What was seen'),
    {
      kind: 'list',
      items: report.alerts.map(({ trigger, severity, value, condition, query }) => ({ text: `${trigger} (${severity}): ${value}, condition ${condition}`, below: [{ text: query, code: true }] })),
    },
    heading(2, 'Decisions'),
    {
      kind: 'list',
      items: report.decisions.map(({ at, kind, reason, explanation, grounds }) => ({ text: `${instantText(at)} ${kind} (${reason}): ${explanation}`, below: grounds.map((text) => ({ text })) })),
    },
    heading(2, 'Actions taken'),
    table(['Rollback type', actions.types.join(', ') || 'none'], ['Database rollback', yesNo(actions.database)], ['Data restoration', yesNo(actions.restoration)], ['Customers told', customersToldText(report.customers)]),
    ...(report.customers.messages.length === 0 ? [] : [{ kind: 'list' as const, items: report.customers.messages.map(customerItem) }]),
    ...fields('customers-told'),
    ...report.rollbacks.flatMap(rollbackBlocks),
    ...fields('backup'),
    heading(2, 'Lessons learned'),
    ...fields('worked-well', 'to-improve', 'action-items'),
  ];
}

function rollbackBlocks({ plan, level, dryRun, by, outcome, tookMs, budgetMs, verification, steps }: ReportedRollback): readonly ReportBlock[] {
  const told = `By ${by}: ${outcome}${tookMs === undefined ? '' : ` after ${durationText(tookMs)}${budgetText(tookMs, budgetMs)}`}.${verification === undefined ? '' : ` Verification: ${verification}`}`;
  return [
    heading(3, `${dryRun ? 'Dry run of plan' : 'Plan'} ${plan}${level === undefined ? '' : `, ${level}`}`),
    { kind: 'paragraph', text: told },
    {
      kind: 'list',
      items: steps.map((step) => ({
        text: `${step.name}: ${step.status}${step.tookMs === undefined ? '' : `, ${durationText(step.tookMs)}`}`,
        below: [step.change, step.error].flatMap((text) => (text === undefined ? [] : [{ text }])),
      })),
    },
  ];
}

function statusText(status: IncidentReport['status']): string {
  return status === 'needs-human' ? 'waits for a person' : status;
}

function budgetText(tookMs: number, budgetMs: number | undefined): string {
  return budgetMs === undefined ? '' : ` (budget ${durationText(budgetMs)}, ${tookMs <= budgetMs ? 'kept' : 'missed'})`;
}

function customerItem(message: CustomerMessage): ReportItem {
  const { state, at, title, error } = message;
  const became = state === 'sent' ? 'sent to customers' : state === 'waiting' ? 'still to be sent to customers' : 'could not be sent to customers';
  return { text: `${instantText(at)} ${became} by ${wayText(message)}: ${title}`, below: error === undefined ? [] : [{ text: error }] };
}

function impactRow({ name, value, problem }: MeasuredImpact): [string, string] {
  return [name, value === undefined ? `not measured: ${problem ?? 'no data'}` : String(Number(value.toPrecision(6)))];
}

function heading(depth: 1 | 2 | 3, text: string): ReportBlock {
  return { kind: 'heading', depth, text };
}

function table(...rows: readonly (readonly [string, string])[]): ReportBlock {
  return { kind: 'table', rows };
}

function fields(...names: readonly ReportField[]): readonly ReportBlock[] {
  return names.map((field) => ({ kind: 'field', field, label: reportFields[field] }));
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
