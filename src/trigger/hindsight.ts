import { errorText } from '../fault/belay-error.js';
import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';
import { slotAfter } from '../time/slots.js';
import { isContinuous, windowLengthMs } from './advance-alert.js';
import type { Alert } from './alert.js';
import type { Evaluation, Tick } from './evaluate-trigger.js';
import { onsetsIn, refineOnsets } from './refine-onset.js';
import type { Trigger } from './trigger.js';
import { sees } from './trigger-health.js';

/** Who asks a source about the past, and until when. */
interface Asker {
  readonly trigger: Trigger;
  readonly source: Source;
  readonly signal: AbortSignal;
}

/** How much closer than the loop's own slots an onset is looked at, and the finest step that is worth asking for. */
const STEPS_PER_INTERVAL = 20;
const FINEST_STEP_MS = 25;

/**
 * When the source sees again after a gap: its answers about the slots in between, oldest first, from as far back as the
 * window is long. What it cannot tell stays unknown, with a warning.
 */
export async function lookIntoGap(asker: Asker, alerts: readonly Alert[], observation: Observation, tick: Tick): Promise<{ answers: readonly Observation[]; warnings: readonly string[] }> {
  const { trigger } = asker;
  const judgedAt = Math.max(-Infinity, ...alerts.map((alert) => alert.window.judgedAt ?? -Infinity));
  const firstAt = slotAfter(Math.max(judgedAt, tick.at - windowLengthMs(trigger) - 1), trigger.intervalMs);
  const lastAt = slotAfter(tick.at - 1, trigger.intervalMs) - trigger.intervalMs;
  const isGap = judgedAt > -Infinity && judgedAt < tick.at && !isContinuous(trigger, judgedAt, tick.at);
  if (!isGap || firstAt > lastAt || !sees(observation)) return { answers: [], warnings: [] };
  return recall(asker, firstAt, lastAt, trigger.intervalMs);
}

/** When breaches have begun since the slot before: the evaluation with their true beginnings, as far as they can be told. */
export async function lookCloser(asker: Asker, before: readonly Alert[], evaluation: Evaluation, tick: Tick): Promise<{ evaluation: Evaluation; warnings: readonly string[] }> {
  const onsets = onsetsIn(asker.trigger, before, evaluation, tick);
  if (onsets.length === 0) return { evaluation, warnings: [] };
  const stepMs = Math.max(FINEST_STEP_MS, Math.round(asker.trigger.intervalMs / STEPS_PER_INTERVAL));
  const { answers, warnings } = await recall(asker, Math.min(...onsets.map(({ clearAt }) => clearAt)), tick.at, stepMs);
  return { evaluation: refineOnsets(asker.trigger, evaluation, onsets, answers, stepMs, tick), warnings };
}

/** What the source remembers; hindsight only ever helps, so that a failure is no more than a warning. */
async function recall({ trigger, source, signal }: Asker, fromAt: number, toAt: number, stepMs: number): Promise<{ answers: readonly Observation[]; warnings: readonly string[] }> {
  try {
    const all = (await source.history?.(trigger.query, fromAt, toAt, stepMs, signal)) ?? [];
    const inRange = all.filter(({ at }) => at >= fromAt && at <= toAt).toSorted((a, b) => a.at - b.at);
    const failures = new Set(all.flatMap((answer) => (answer.kind === 'error' ? [answer.message] : [])));
    return {
      answers: inRange.filter(({ kind }) => kind === 'vector'),
      warnings: [...failures].map((message) => `the past could not be looked up: ${message}`),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { answers: [], warnings: [`the past could not be looked up: ${errorText(error)}`] };
  }
}
