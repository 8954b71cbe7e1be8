import { errorText } from '../fault/belay-error.js';
import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';
import { slotAfter } from '../time/slots.js';
import type { Alert } from './alert.js';
import type { Evaluation, Tick } from './evaluate-trigger.js';
import { onsetsIn, refineOnsets } from './refine-onset.js';
import type { Trigger } from './trigger.js';
import { sees } from './trigger-health.js';
import { isContinuous, windowLengthMs } from './window.js';

/** Who asks a source about the past, and until when. */
interface Asker {
  readonly trigger: Trigger;
  readonly source: Source;
  readonly signal: AbortSignal;
}

/** How much closer each look at an onset is than the one before, and the finest step that is worth asking for. */
const STEPS_PER_LOOK = 20;
const FINEST_STEP_MS = 5;

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

/**
 * When breaches have begun since the slot before: the evaluation with their true beginnings, as far as they can be
 * told. Each look narrows down the step in which the one before has found the first of them.
 */
export async function lookCloser(asker: Asker, before: readonly Alert[], evaluation: Evaluation, tick: Tick): Promise<{ evaluation: Evaluation; warnings: readonly string[] }> {
  let onsets = onsetsIn(asker.trigger, before, evaluation, tick);
  let refined = evaluation;
  const warnings: string[] = [];
  let range = { fromAt: Math.min(...onsets.map(({ clearAt }) => clearAt)), toAt: tick.at };
  let stepMs = asker.trigger.intervalMs;
  while (onsets.length > 0 && stepMs > FINEST_STEP_MS) {
    stepMs = Math.max(FINEST_STEP_MS, Math.ceil(stepMs / STEPS_PER_LOOK));
    const look = await recall(asker, range.fromAt, range.toAt, stepMs);
    warnings.push(...look.warnings);
    if (look.answers.length === 0) break;
    refined = refineOnsets(asker.trigger, refined, onsets, look.answers, stepMs, tick);
    // What fires already gains nothing by having begun a little earlier.
    const pending = new Map(refined.alerts.flatMap(({ fingerprint, state, activeAt }) => (state === 'pending' && activeAt !== undefined ? [[fingerprint, activeAt] as const] : [])));
    onsets = onsets.filter(({ fingerprint }) => pending.has(fingerprint));
    const firstAt = Math.min(...onsets.flatMap(({ fingerprint }) => pending.get(fingerprint) ?? []));
    range = { fromAt: firstAt - stepMs, toAt: firstAt };
  }
  return { evaluation: refined, warnings };
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
