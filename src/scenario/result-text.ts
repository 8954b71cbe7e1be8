import { relative } from 'node:path';
import { timeText, type Failure } from './check-expectation.js';
import type { ScenarioResult } from './scenario-result.js';
import type { TimelineLine } from './timeline.js';

export type Paint = (style: 'red' | 'green' | 'dim' | 'bold', text: string) => string;

/** Lines of the timeline shown on either side of a failure. */
const CONTEXT_LINES = 4;

/** A result as people read it: one line when it is well; what was expected and what happened when it is not. */
export function resultText(result: ScenarioResult, { paint, cwd, verbose }: { readonly paint: Paint; readonly cwd: string; readonly verbose: boolean }): string {
  const { scenario, ok, failures, faults, timeline } = result;
  const lines = [`${ok ? paint('green', '✓') : paint('red', '✗')} ${scenario.name}`];
  for (const fault of faults) lines.push(paint('red', `    ${fault}`));
  for (const failure of failures) {
    lines.push(...failureLines(failure, paint, cwd));
    if (!verbose) lines.push(...aroundLines(timeline, failure.aroundMs, paint));
  }
  if (verbose) lines.push(...timeline.map((line) => `    ${timelineText(line)}`));
  return lines.join('\n');
}

/** The same without the timeline, for machines that show a failure as text. */
export function failureText(failure: Failure, cwd: string): string {
  return failureLines(failure, (_style, text) => text, cwd).map((line) => line.trimStart()).join('\n');
}

function failureLines({ expectation: { place }, expected, happened }: Failure, paint: Paint, cwd: string): readonly string[] {
  const [first = '', ...more] = happened;
  return [
    `    ${relative(cwd, place.file)}:${place.line}:${place.column}`,
    paint('green', `    - expected  ${expected}`),
    paint('red', `    + happened  ${first}`),
    ...more.map((line) => paint('red', `                ${line}`)),
  ];
}

/** What happened just before and after an instant, so that a failure explains itself. */
function aroundLines(timeline: readonly TimelineLine[], aroundMs: number, paint: Paint): readonly string[] {
  if (timeline.length === 0) return [paint('dim', '      nothing happened at all')];
  const middle = timeline.findLastIndex(({ ms }) => ms <= aroundMs);
  const from = Math.max(0, middle + 1 - CONTEXT_LINES);
  const shown = timeline.slice(from, middle + 1 + CONTEXT_LINES);
  const skipped = (count: number, where: string): string[] => (count > 0 ? [paint('dim', `      … ${count} ${where}`)] : []);
  const here = (ms: number): string => (ms === aroundMs ? '>' : ' ');
  return [
    ...skipped(from, 'earlier'),
    ...shown.map((line) => paint('dim', `    ${here(line.ms)} ${timelineText(line)}`)),
    ...skipped(timeline.length - from - shown.length, 'later'),
  ];
}

function timelineText({ ms, text }: TimelineLine): string {
  return `${timeText(ms).padStart(8)}  ${text}`;
}
