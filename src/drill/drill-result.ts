import type { DrillStep } from '../incident/drill-event.js';
import { formatDuration } from '../time/duration.js';

/** What a drill has found. `gaps`: what is not as it is documented, besides the times of the steps. */
export interface DrillFinding {
  readonly steps: readonly DrillStep[];
  readonly gaps: readonly string[];
  /** Why the drill as a whole has failed, where no step says so. */
  readonly failure?: string | undefined;
}

export interface DrillResult {
  readonly outcome: 'passed' | 'failed';
  readonly gaps: readonly string[];
  readonly explanation: string;
}

/** Holds what was found against what is documented. A step that is slower than that is a gap; one that fails fails the drill. */
export function judgeDrill({ steps, gaps: found, failure }: DrillFinding, { tookMs, documentedMs }: { readonly tookMs: number; readonly documentedMs?: number | undefined }): DrillResult {
  const failed = steps.filter(({ status }) => status === 'failed');
  const gaps = [
    ...failed.map(({ name, detail }) => `${name}: ${detail ?? 'failed'}`),
    ...found,
    ...steps.flatMap(({ name, tookMs: took, documentedMs: documented }) => overText(name, documented, took)),
    ...overText('all of it', documentedMs, tookMs),
  ];
  const well = steps.filter(({ status }) => status === 'ok').length;
  const explanation = failure ?? `${well} of ${steps.length} steps were well, in ${spanText(tookMs)}${gaps.length === 0 ? '' : `; ${gaps.length} ${gaps.length === 1 ? 'gap' : 'gaps'}`}.`;
  return { outcome: failed.length > 0 || failure !== undefined ? 'failed' : 'passed', gaps, explanation };
}

function overText(name: string, documentedMs: number | undefined, tookMs: number | undefined): readonly string[] {
  if (documentedMs === undefined || tookMs === undefined || tookMs <= documentedMs) return [];
  return [`${name}: documented ${spanText(documentedMs)}, took ${spanText(tookMs)}`];
}

/** To the second, once there are seconds. */
export function spanText(durationMs: number): string {
  return formatDuration(durationMs < 1_000 ? Math.round(durationMs) : Math.round(durationMs / 1_000) * 1_000);
}
