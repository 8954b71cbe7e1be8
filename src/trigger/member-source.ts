import { errorObservation } from '../source/observation.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import { slotAtOrBefore } from '../time/slots.js';
import { countFiring, MEMBER_SOURCE, type MemberState, truthOf } from './members.js';
import type { Trigger } from './trigger.js';

/** Answers how many triggers fire, from what their loops have found. */
export interface MemberSource extends Source {
  /** A trigger's newest evaluation. */
  note(trigger: string, state: MemberState): void;
  stateOf(trigger: string): MemberState | undefined;
}

/**
 * Slots of members and composites coincide, so that an answer about a slot waits until every member has been evaluated
 * for its newest slot up to there; but no longer than the shortest of their intervals: a member that takes longer is
 * asked for what it last was, which is unknown when that is too old.
 */
export function createMemberSource(triggers: readonly Trigger[], clock: Clock): MemberSource {
  const byName = new Map(triggers.map((trigger) => [trigger.name, trigger]));
  const states = new Map<string, MemberState>();
  const waiting = new Set<() => void>();

  async function untilEvaluated(members: readonly Trigger[], at: number, signal: AbortSignal): Promise<void> {
    const isReached = (): boolean => members.every(({ name, intervalMs }) => (states.get(name)?.at ?? -Infinity) >= slotAtOrBefore(at, intervalMs));
    if (isReached()) return;
    const over = new AbortController();
    const look = (): void => {
      if (isReached()) over.abort();
    };
    // Not AbortSignal.any: the caller's signal lives as long as its loop and must keep nothing of this.
    const onAbort = (): void => over.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    waiting.add(look);
    try {
      // The clock may have been set back since `at`.
      await clock.sleepUntil(Math.min(at, clock.now()) + Math.min(...members.map(({ intervalMs }) => intervalMs)), over.signal);
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      waiting.delete(look);
      signal.removeEventListener('abort', onAbort);
    }
    signal.throwIfAborted();
  }

  return {
    name: MEMBER_SOURCE,
    intervalMs: Math.min(...triggers.map(({ intervalMs }) => intervalMs)),
    stateOf: (trigger) => states.get(trigger),

    note(trigger, state) {
      states.set(trigger, state);
      for (const look of [...waiting]) look();
    },

    async observe(query, at, signal) {
      signal.throwIfAborted();
      if (query.kind !== 'triggers') return errorObservation(at, 'query-refused', 'triggers are asked only which of them fire');
      const members = query.of.map((name) => byName.get(name));
      await untilEvaluated(members.filter((member) => member !== undefined), at, signal);
      const truths = members.map((member) => (member === undefined ? 'unknown' : truthOf(member, states.get(member.name), at)));
      return countFiring(truths, query.atLeast, at);
    },

    close: () => Promise.resolve(),
  };
}
