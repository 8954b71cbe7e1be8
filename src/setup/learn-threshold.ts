import type { History, HistoryBatch } from '../backtest/history.js';
import { replayTrigger, type TriggerReplay } from '../backtest/replay-trigger.js';
import { parseCondition } from '../source/condition.js';
import type { Trigger } from '../trigger/trigger.js';

export interface Learned {
  readonly condition: string;
  readonly replay: TriggerReplay;
  /** Whether the past was quiet under it; with none of the conditions it may be that the past was not. */
  readonly wasQuiet: boolean;
}

/** A breach that came this near to its window is too near for a threshold to be called quiet. */
const NEAR_SHARE = 0.8;

/** Reads a past to its end, so that it can be replayed more than once. */
export async function kept(history: History): Promise<readonly HistoryBatch[]> {
  const batches: HistoryBatch[] = [];
  for await (const batch of history.batches) batches.push(batch);
  return batches;
}

/** The most sensitive of the conditions under which the trigger would not have fired, nor have come near to it. */
export async function learnThreshold(trigger: Trigger, conditions: readonly [string, ...string[]], stepMs: number, batches: readonly HistoryBatch[]): Promise<Learned> {
  const [first, ...others] = conditions;
  let learned = await tried(trigger, first, stepMs, batches);
  for (const condition of others) {
    if (learned.wasQuiet) break;
    learned = await tried(trigger, condition, stepMs, batches);
  }
  return learned;
}

async function tried(trigger: Trigger, text: string, stepMs: number, batches: readonly HistoryBatch[]): Promise<Learned> {
  const condition = parseCondition(text);
  if ('problem' in condition) throw new TypeError(condition.problem);
  const replay = await replayTrigger({ ...trigger, condition }, { stepMs, batches: again(batches) });
  return { condition: text, replay, wasQuiet: replay.firings.length === 0 && !replay.pending.some(({ fired, windowShare }) => !fired && windowShare > NEAR_SHARE) };
}

function again(batches: readonly HistoryBatch[]): AsyncIterable<HistoryBatch> {
  return ReadableStream.from(batches);
}
