import { type ExecutionState, type StepProgress } from './execution-state.js';
import type { ExecutionStep } from './rollback-event.js';

/**
 * The steps of an undo: those of the execution in reverse order, each one by itself, with what is to be put back or why
 * there is nothing. `earlier`: undos of the same execution that did not come to a good end, of whose steps some may have.
 */
export function undoSteps({ steps }: ExecutionState, earlier: readonly ExecutionState[]): readonly ExecutionStep[] {
  const putBack = new Map(earlier.flatMap((undo) => undo.steps.flatMap(({ step, phase }) => (phase.type === 'succeeded' ? [[step.key, undo.executionId] as const] : []))));
  return [...steps].reverse().map((progress): ExecutionStep => {
    const { key, planId } = progress.step;
    const step = { ...progress.step.step, when: undefined, group: undefined };
    const by = putBack.get(key);
    const skip = by === undefined ? nothingToPutBack(progress) : `it has been put back already, by ${by}`;
    if (skip !== undefined) return { key, planId, step, skip };
    return { key, planId, step, undo: { captured: progress.captured?.value, ...(progress.left === undefined ? {} : { left: progress.left }) } };
  });
}

function nothingToPutBack({ phase, captured, captureProblem }: StepProgress): string | undefined {
  if (phase.type === 'pending') return 'it was not run';
  if (phase.type === 'skipped') return 'it was skipped';
  return captured === undefined ? (captureProblem ?? 'there is nothing to put back') : undefined;
}
