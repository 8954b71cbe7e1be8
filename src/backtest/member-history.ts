import { countFiring } from '../trigger/members.js';
import type { Observation } from '../source/sample.js';
import type { History, HistoryBatch } from './history.js';
import { slotsOver, type TruthTimeline } from './truth-timeline.js';

const BATCH_POINTS = 10_000;

/** What a composite's members said, slot by slot; those without a replay are unknown throughout. */
export function memberHistory(members: readonly (TruthTimeline | undefined)[], atLeast: number, stepMs: number): History {
  return { stepMs, batches: inBatches(members, atLeast, stepMs) };
}

// eslint-disable-next-line @typescript-eslint/require-await -- nothing of it has to be waited for, but that of sources has
async function* inBatches(members: readonly (TruthTimeline | undefined)[], atLeast: number, stepMs: number): AsyncGenerator<HistoryBatch> {
  const slots = slotsOver(members.filter((member) => member !== undefined), stepMs);
  if (slots === undefined) return;
  for (let from = slots.fromAt; from <= slots.toAt; from += BATCH_POINTS * stepMs) {
    const observations: Observation[] = [];
    for (let at = from; at <= slots.toAt && observations.length < BATCH_POINTS; at += stepMs) {
      observations.push(countFiring(members.map((member) => member?.at(at) ?? 'unknown'), atLeast, at));
    }
    yield { observations, share: Math.min(1, (from + observations.length * stepMs - slots.fromAt) / (slots.toAt - slots.fromAt + stepMs)) };
  }
}
