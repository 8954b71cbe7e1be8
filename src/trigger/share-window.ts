/**
 * A window that asks for a share of a time: `{ for: 5m, atLeast: 80% }`.
 *
 * It slides: it covers the last five minutes, from the first breaching sample on. Of the time between two known samples
 * at most 1.5 intervals apart, all breached when both do, half when one does, none otherwise. Time that was not seen is
 * time without a breach, so that what is unknown can only delay. The window is full when the breach in it adds up to
 * `atLeast` of `for`; only a breaching sample makes an alert fire.
 *
 * A window is over when it has been clear in one go for more than the rest (20% of 5m): from then on nothing that was
 * before can make it full any more.
 *
 * Memory is bounded: stretches shorter than a two-hundredth of the window are put together with the next one, and of one
 * that is cut in two the breach is taken to go first. So a long window may fill late by half a percent, never early.
 */
import type { Stretch } from './alert.js';
import type { Window } from './trigger.js';

type ShareWindow = Extract<Window, { kind: 'share' }>;

const STRETCHES_PER_WINDOW = 200;

/** The stretches of a window after one more, as far back as the window reaches. */
export function withStretch({ forMs }: ShareWindow, stretches: readonly Stretch[], next: Stretch): readonly Stretch[] {
  const last = stretches.at(-1);
  const joins = last !== undefined && (last.lengthMs < forMs / STRETCHES_PER_WINDOW || (isPure(last) && isPure(next) && Math.sign(last.breachMs) === Math.sign(next.breachMs)));
  const all = joins ? [...stretches.slice(0, -1), { lengthMs: last.lengthMs + next.lengthMs, breachMs: last.breachMs + next.breachMs }] : [...stretches, next];
  return newest(all, forMs);
}

export function isShareFull(window: ShareWindow, stretches: readonly Stretch[]): boolean {
  return breachOf(stretches) >= wantedMs(window);
}

/** How long a breach must go on until the window is full; 0 when it is. */
export function untilShareFullMs(window: ShareWindow, stretches: readonly Stretch[]): number {
  let lackingMs = wantedMs(window) - breachOf(stretches);
  if (lackingMs <= 0) return 0;
  // First what is not filled yet is filled with breach; then each stretch gives way to it, oldest first.
  let waitedMs = window.forMs - stretches.reduce((sumMs, { lengthMs }) => sumMs + lengthMs, 0);
  if (lackingMs <= waitedMs) return Math.ceil(lackingMs);
  lackingMs -= waitedMs;
  for (const { lengthMs, breachMs } of stretches) {
    const clearMs = lengthMs - breachMs;
    if (lackingMs <= clearMs) return Math.ceil(waitedMs + breachMs + lackingMs);
    lackingMs -= clearMs;
    waitedMs += lengthMs;
  }
  return Math.ceil(waitedMs);
}

/** Whether a window that has been clear for so long in one go is over. */
export function isShareOver({ forMs, atLeast }: ShareWindow, clearMs: number): boolean {
  return clearMs > forMs - wantedMs({ kind: 'share', forMs, atLeast });
}

/** How much of the window must breach. */
export function wantedMs({ forMs, atLeast }: ShareWindow): number {
  // 0.55 of an hour is a hair more than it ought to be in binary.
  return Number((forMs * atLeast).toPrecision(12));
}

function newest(stretches: readonly Stretch[], forMs: number): readonly Stretch[] {
  let surplusMs = stretches.reduce((sumMs, { lengthMs }) => sumMs + lengthMs, 0) - forMs;
  let first = 0;
  for (let lengthMs = stretches[0]?.lengthMs ?? 0; surplusMs >= lengthMs && first < stretches.length; lengthMs = stretches[first]?.lengthMs ?? 0) {
    surplusMs -= lengthMs;
    first += 1;
  }
  const cut = stretches[first];
  if (cut === undefined || surplusMs <= 0) return stretches.slice(first);
  return [{ lengthMs: cut.lengthMs - surplusMs, breachMs: Math.max(0, cut.breachMs - surplusMs) }, ...stretches.slice(first + 1)];
}

export function breachOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sumMs, { breachMs }) => sumMs + breachMs, 0);
}

function isPure({ lengthMs, breachMs }: Stretch): boolean {
  return breachMs === 0 || breachMs === lengthMs;
}
