import { spanText } from '../drill/drill-result.js';
import type { DrillRunView, DrillView } from '../http/drill-api.js';
import { formatDuration } from '../time/duration.js';
import type { Output } from './output.js';

const MINUTE_MS = 60_000;

/** One row for each drill: what is practised, how the last one was, when the next one comes. */
export function drillRows(drills: readonly DrillView[], now: number, output: Output): string[][] {
  return drills.map((drill) => [`  ${drillName(drill)}`, lastText(drill, now, output), drill.nextAt === undefined ? output.style('dim', 'not scheduled') : `next ${instant(drill.nextAt)}`]);
}

function drillName({ kind, name }: Pick<DrillView, 'kind' | 'name'>): string {
  return kind === 'plan' ? name : `${kind} ${name}`;
}

function lastText({ last, lastPassedAt, warning, documentedMs }: DrillView, now: number, output: Output): string {
  if (last === undefined) return output.style('yellow', 'never drilled');
  if (last.status === 'running') return output.style('cyan', `under way since ${instant(last.startedAt)}  ${last.executionId}`);
  const ago = `${formatDuration(Math.floor(Math.max(0, now - (last.endedAt ?? last.startedAt)) / MINUTE_MS) * MINUTE_MS)} ago`;
  const times = last.tookMs === undefined ? '' : `, took ${spanText(last.tookMs)}${documentedMs === undefined ? '' : ` of ${spanText(documentedMs)}`}`;
  const gaps = last.gaps.length === 0 ? '' : `, ${last.gaps.length} ${last.gaps.length === 1 ? 'gap' : 'gaps'}`;
  const earlier = last.status === 'passed' || lastPassedAt === undefined ? '' : `, last well ${instant(lastPassedAt)}`;
  return output.style(warning !== undefined ? 'red' : last.status === 'passed' ? 'green' : 'yellow', `${last.status} ${ago}${times}${gaps}${earlier}`);
}

/** How a drill ended: what it found, and each gap on a line of its own. */
export function drillEndText({ status, gaps, explanation }: DrillRunView, output: Output): string {
  const style = status === 'failed' ? 'red' : status === 'passed' && gaps.length === 0 ? 'green' : 'yellow';
  return [`${output.style(style, status)}: ${explanation ?? ''}`, ...gaps.map((gap) => `  gap: ${gap}`)].join('\n');
}

export function drillStepText({ name, status, tookMs, documentedMs, detail }: DrillRunView['steps'][number]): string {
  const times = tookMs === undefined ? '' : ` (${spanText(tookMs)}${documentedMs === undefined ? '' : ` of ${spanText(documentedMs)}`})`;
  return `  ${status}: ${name}${times}${detail === undefined ? '' : ` — ${detail}`}`;
}

/** `2026-12-01 10:00 UTC`. */
function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
