/** How far the window of an alert is filled, for people who watch it. Nothing is decided by it. */
import type { Alert } from './alert.js';
import { breachOf, wantedMs } from './share-window.js';
import { isRising } from './trend.js';
import type { Trigger } from './trigger.js';
import { lastsAt } from './window.js';

/** What is filled of what is needed; never more than that. */
type Filled =
  | { readonly kind: 'for'; readonly filledMs: number; readonly neededMs: number }
  /** `neededMs` of the last `ofMs` must breach. */
  | { readonly kind: 'share'; readonly filledMs: number; readonly neededMs: number; readonly ofMs: number }
  | { readonly kind: 'consecutive'; readonly filled: number; readonly needed: number };

export type WindowFill = Filled & {
  /** Everything together, from 0 to 1; 1 while the alert fires. */
  readonly ratio: number;
  /** Breaching samples besides, where the trigger asks for them. */
  readonly samples?: { readonly filled: number; readonly needed: number } | undefined;
  /** Whether the values certainly rise, where the trigger asks for that. */
  readonly rising?: boolean | undefined;
  /** When a pending window will have lasted, if its breach goes on; milliseconds since the epoch. */
  readonly dueAt?: number | undefined;
};

export function windowFill(trigger: Trigger, { state, window }: Pick<Alert, 'state' | 'window'>): WindowFill {
  const fires = state === 'firing';
  const upTo = (counted: number, needed: number): number => (fires ? needed : state === 'inactive' ? 0 : Math.min(counted, needed));
  const { minSamples = 0, trend } = trigger;
  const samples = minSamples === 0 ? undefined : { filled: upTo(window.streak, minSamples), needed: minSamples };
  const lasted = lastedOf(trigger, window, upTo);
  const parts = [lasted.kind === 'consecutive' ? ratioOf(lasted.filled, lasted.needed) : ratioOf(lasted.filledMs, lasted.neededMs), ...(samples === undefined ? [] : [ratioOf(samples.filled, samples.needed)])];
  return {
    ...lasted,
    ratio: fires ? 1 : state === 'inactive' ? 0 : Math.min(...parts),
    samples,
    rising: trend === undefined ? undefined : fires || isRising(window.points ?? []),
    dueAt: state === 'pending' ? lastsAt(trigger, window) : undefined,
  };
}

function lastedOf({ window }: Trigger, { countedMs, streak, stretches = [] }: Alert['window'], upTo: (counted: number, needed: number) => number): Filled {
  switch (window.kind) {
    case 'for':
      return { kind: 'for', filledMs: upTo(countedMs, window.forMs), neededMs: window.forMs };
    case 'share': {
      const neededMs = wantedMs(window);
      return { kind: 'share', filledMs: upTo(breachOf(stretches), neededMs), neededMs, ofMs: window.forMs };
    }
    case 'consecutive':
      return { kind: 'consecutive', filled: upTo(streak, window.count), needed: window.count };
    default:
      throw new TypeError(`unknown window ${String(window satisfies never)}`);
  }
}

/** A window of no length is full at once. */
function ratioOf(filled: number, needed: number): number {
  return needed === 0 ? 1 : filled / needed;
}
