import { BelayError } from '../../fault/belay-error.js';
import type { Clock } from '../../time/clock.js';

/** What was seen of something that is to come up. `steady` looks with another `identity` are not of the same run: something was started again. */
export type Sight =
  | { readonly state: 'steady'; readonly identity: string }
  | { readonly state: 'not-yet'; readonly problem: string }
  | { readonly state: 'failed'; readonly problem: string };

export interface Steadiness {
  /** How long it may take to come up. */
  readonly withinMs: number;
  /** How long it must stay up, without a break. */
  readonly stableMs: number;
}

const LOOK_EVERY_MS = 250;
/** A look may be a whole process: while something comes up, most of the machine is for that. */
const REST_PER_LOOK = 3;

/** Looks until something has come up and stayed so. Throws `state-not-as-wanted` when it fails or does not come up in time. */
export async function waitUntilSteady(subject: string, { withinMs, stableMs }: Steadiness, clock: Clock, signal: AbortSignal, look: () => Promise<Sight>): Promise<void> {
  const giveUpAt = clock.now() + withinMs;
  let since: { readonly identity: string; readonly at: number } | undefined;
  for (;;) {
    const askedAt = clock.now();
    const sight = await look();
    const now = clock.now();
    if (sight.state === 'failed') throw new BelayError('state-not-as-wanted', `${subject} does not come up: ${sight.problem}`);
    if (sight.state === 'steady') {
      if (since?.identity !== sight.identity) since = { identity: sight.identity, at: now };
      if (now - since.at >= stableMs) return;
    } else since = undefined;
    if (since === undefined ? now >= giveUpAt : since.at > giveUpAt) {
      const problem = sight.state === 'steady' ? 'it is started again and again' : sight.problem;
      throw new BelayError('state-not-as-wanted', `${subject} has not come up within ${withinMs / 1_000} s: ${problem}`);
    }
    await clock.sleepUntil(now + Math.max(LOOK_EVERY_MS, REST_PER_LOOK * (now - askedAt)), signal);
  }
}
