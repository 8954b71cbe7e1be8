/** What the windows of all kinds count; advance-alert.ts says when. */
import type { Sample } from '../source/sample.js';
import type { WindowProgress } from './alert.js';
import { isShareFull, isShareOver, untilShareFullMs, withStretch } from './share-window.js';
import { isRising, withPoint } from './trend.js';
import type { Trigger } from './trigger.js';

/** What a question was asked for: a slot of the loop, or an instant between two slots that is looked at besides. */
export type TickKind = 'slot' | 'due';

export const emptyWindow: WindowProgress = { countedMs: 0, streak: 0 };

const LONGEST_STEP_INTERVALS = 1.5;

/** Whether two instants are close enough for the time between them to count as seen. */
export function isContinuous(trigger: Pick<Trigger, 'intervalMs'>, fromAt: number, toAt: number): boolean {
  return Math.abs(toAt - fromAt) <= LONGEST_STEP_INTERVALS * trigger.intervalMs;
}

/** How long the window is, counted in time. */
export function windowLengthMs({ window, intervalMs }: Pick<Trigger, 'window' | 'intervalMs'>): number {
  return window.kind === 'consecutive' ? window.count * intervalMs : window.forMs;
}

/** Whether an alert may begin to fire, when its newest sample breaches. */
export function isFull(trigger: Trigger, progress: WindowProgress): boolean {
  const { minSamples = 0, trend } = trigger;
  return hasLasted(trigger, progress) && progress.streak >= minSamples && (trend === undefined || isRising(progress.points ?? []));
}

function hasLasted({ window }: Trigger, { countedMs, streak, stretches = [] }: WindowProgress): boolean {
  switch (window.kind) {
    case 'for':
      return countedMs >= window.forMs;
    case 'share':
      return isShareFull(window, stretches);
    case 'consecutive':
      return streak >= window.count;
    default:
      throw new TypeError(`unknown window ${String(window satisfies never)}`);
  }
}

/** When a pending window will have lasted, if its breach goes on; `undefined` where time alone does not tell. */
export function lastsAt({ window }: Trigger, { lastBreachAt, countedMs, stretches = [], clearMs }: WindowProgress): number | undefined {
  if (lastBreachAt === undefined || clearMs !== undefined) return undefined;
  switch (window.kind) {
    case 'for':
      return lastBreachAt + window.forMs - countedMs;
    case 'share':
      return lastBreachAt + untilShareFullMs(window, stretches);
    case 'consecutive':
      return undefined;
    default:
      throw new TypeError(`unknown window ${String(window satisfies never)}`);
  }
}

/** Whether a pending window, clear by its newest sample, has come to nothing. */
export function isOver({ window }: Trigger, { clearMs = 0 }: WindowProgress): boolean {
  return window.kind !== 'share' || isShareOver(window, clearMs);
}

/** The window after a breaching sample. */
export function withBreach(trigger: Trigger, before: WindowProgress, sample: Sample, tick: TickKind): WindowProgress {
  const seenMs = seenSince(trigger, before, sample.at);
  const wasBreaching = before.clearMs === undefined;
  return {
    stretches: stretchesWith(trigger, before, sample.at, wasBreaching ? seenMs : seenMs / 2),
    points: pointsWith(trigger, before, sample, tick),
    countedMs: before.countedMs + (wasBreaching ? seenMs : 0),
    streak: before.streak + (tick === 'slot' ? 1 : 0),
    lastBreachAt: sample.at,
    judgedAt: sample.at,
  };
}

/** The window after a clear sample: of a firing alert, or of a pending one whose window can bear it. */
export function withClear(trigger: Trigger, before: WindowProgress, sample: Sample, tick: TickKind): WindowProgress {
  const seenMs = seenSince(trigger, before, sample.at);
  const { clearMs, countedMs, streak, lastBreachAt } = before;
  return {
    stretches: stretchesWith(trigger, before, sample.at, clearMs === undefined ? seenMs / 2 : 0),
    points: pointsWith(trigger, before, sample, tick),
    countedMs,
    streak,
    clearMs: clearMs === undefined ? 0 : clearMs + seenMs,
    lastBreachAt,
    judgedAt: sample.at,
  };
}

/** What a firing alert need not remember of the way there. */
export function withoutHistory(progress: WindowProgress): WindowProgress {
  return { ...progress, stretches: undefined, points: undefined };
}

function stretchesWith({ window }: Trigger, { stretches = [], lastBreachAt, judgedAt }: WindowProgress, at: number, breachMs: number): WindowProgress['stretches'] {
  if (window.kind !== 'share') return undefined;
  return lastBreachAt === undefined || judgedAt === undefined || judgedAt === at ? stretches : withStretch(window, stretches, { lengthMs: at - judgedAt, breachMs });
}

function pointsWith(trigger: Trigger, { points = [] }: WindowProgress, sample: Sample, tick: TickKind): WindowProgress['points'] {
  if (trigger.trend === undefined) return undefined;
  return tick === 'slot' && sample.kind === 'value' ? withPoint(points, sample, windowLengthMs(trigger)) : points;
}

/** The time since the newest sample that moved the window, as far as it was seen: none before the first breach, none over a gap. */
function seenSince(trigger: Trigger, { lastBreachAt, judgedAt }: WindowProgress, at: number): number {
  return lastBreachAt !== undefined && judgedAt !== undefined && isContinuous(trigger, judgedAt, at) ? at - judgedAt : 0;
}
