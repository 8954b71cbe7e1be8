import type { DrillStep } from '../incident/drill-event.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import { withoutClass } from '../rollback/failure-text.js';
import { documentedStepMs } from '../rollback/step-timing.js';

interface Progress extends DrillStep {
  readonly key: string;
  readonly startedAt?: number | undefined;
}

/** The steps of the plan that a drill runs, each with how long it took, from the journal of the run so far. */
export function stepsOfRun(entries: readonly JournalEntry[]): readonly DrillStep[] {
  let steps: readonly Progress[] = [];
  /** A dry run tells of no beginnings: a step begins where the one before has ended. */
  let freeSinceAt = 0;
  for (const { event } of entries) {
    if (event.type === 'rollback-started') {
      steps = event.steps.map(({ key, step }) => ({ key, name: step.name, status: 'waiting', documentedMs: documentedStepMs(step) }));
      freeSinceAt = event.at;
      continue;
    }
    if (!('stepKey' in event)) continue;
    const at = event.at;
    steps = steps.map((step) => (step.key === event.stepKey ? afterEvent(step, event, freeSinceAt) : step));
    if (event.type !== 'step-attempt-started') freeSinceAt = at;
  }
  return steps.map(({ name, status, tookMs, documentedMs, detail }) => ({ name, status, tookMs, documentedMs, detail }));
}

function afterEvent(step: Progress, event: Extract<JournalEvent, { readonly stepKey: string }>, freeSinceAt: number): Progress {
  const tookMs = Math.max(0, event.at - (step.startedAt ?? freeSinceAt));
  switch (event.type) {
    case 'step-attempt-started':
      return { ...step, status: 'running', startedAt: step.startedAt ?? event.at, detail: event.description?.summary ?? step.detail };
    case 'step-attempt-failed':
      return { ...step, detail: withoutClass(event.error) };
    case 'step-succeeded':
      return { ...step, status: 'ok', tookMs };
    case 'step-described':
      return { ...step, status: event.refused === undefined ? 'ok' : 'failed', tookMs, detail: event.refused === undefined ? event.description.summary : `the plan would not begin: ${withoutClass(event.refused)}` };
    case 'step-failed':
    case 'step-parked':
      return { ...step, status: 'failed', tookMs, detail: withoutClass(event.error) };
    case 'step-skipped':
      return { ...step, status: 'skipped', detail: event.reason };
    case 'attempt-settled-late':
      return step;
    default:
      return event satisfies never;
  }
}
