import type { DrillStep } from '../incident/drill-event.js';
import type { Drill } from './drill.js';
import type { DrillFinding } from './drill-result.js';

/** One run of a drill, as whoever performs it knows it. */
export interface DrillTask {
  readonly executionId: string;
  readonly by: string;
  /** Aborts when something real comes: what is under way stops then, and nothing further begins. */
  readonly signal: AbortSignal;
  /** Shows how far it is. */
  readonly show: (steps: readonly DrillStep[]) => void;
}

/** Practises one kind of drill. Rejects where the drill as a whole cannot be held; what fails in it is a finding. */
export type DrillPerformer = (drill: Drill, task: DrillTask) => Promise<DrillFinding>;

/** Times one step, which resolves to a line for people, or to `undefined` where there was nothing to do. What it throws is its failure, unless the drill itself was stopped. */
export async function timedStep(clock: { now(): number }, name: string, documentedMs: number | undefined, signal: AbortSignal, work: () => Promise<string | undefined>): Promise<DrillStep> {
  const startedAt = clock.now();
  const end = (status: DrillStep['status'], detail: string | undefined): DrillStep => ({ name, status, tookMs: Math.max(0, clock.now() - startedAt), documentedMs, detail });
  try {
    const words = await work();
    return end(words === undefined ? 'skipped' : 'ok', words);
  } catch (error) {
    signal.throwIfAborted();
    return end('failed', error instanceof Error ? error.message : String(error));
  }
}
