/**
 * Composites: triggers over other triggers, in three-valued logic.
 *
 * A member is `firing` when one of its alerts is, `clear` when all of them are known not to fire (a pending one does not,
 * yet), and `unknown` otherwise: when Belay does not see what an alert is about, unless the member's `onNoData` or
 * `onError` says what to make of it, or when the member has not been evaluated lately.
 *
 * A composite's value is the number of its firing members, and known as soon as the unknown ones cannot change on which
 * side of `atLeast` it is. Everything else is a trigger like any other: the composite has a window, an alert, a response.
 */
import type { Observation, Sample } from '../source/sample.js';
import { isKnown, isWithheld } from './advance-alert.js';
import type { Alert } from './alert.js';
import type { Trigger } from './trigger.js';
import type { TriggerHealth } from './trigger-health.js';
import { isContinuous } from './window.js';

/** The source of composites: what the other triggers say. */
export const MEMBER_SOURCE = 'triggers';

export type Truth = 'firing' | 'clear' | 'unknown';

/** A trigger as its newest evaluation, about the instant `at`, left it. */
export interface MemberState {
  readonly at: number;
  readonly alerts: readonly Alert[];
  readonly health: TriggerHealth;
}

export function truthOf(member: Trigger, state: MemberState | undefined, at: number): Truth {
  if (state === undefined || !isContinuous(member, state.at, at)) return 'unknown';
  const { alerts, health } = state;
  if (alerts.some((alert) => alert.state === 'firing' && isSettled(member, alert))) return 'firing';
  if (alerts.length > 0) return alerts.every((alert) => isSettled(member, alert)) ? 'clear' : 'unknown';
  // Without any series nothing fires; whether that is known is a matter of what the member says of silence.
  if (health.lastObservation === undefined) return 'unknown';
  const policy = health.lastObservation.kind === 'error' ? member.onError : member.onNoData;
  return policy === 'reset' ? 'clear' : 'unknown';
}

/** Whether at least so many members fire, as far as it can be known. */
export function atLeastFire(truths: readonly Truth[], atLeast: number): Truth {
  const firing = truths.filter((truth) => truth === 'firing').length;
  const unknown = truths.filter((truth) => truth === 'unknown').length;
  if (firing >= atLeast) return 'firing';
  return firing + unknown < atLeast ? 'clear' : 'unknown';
}

/** The number of firing members as an answer, where it is known what follows from it. */
export function countFiring(truths: readonly Truth[], atLeast: number, at: number): Observation {
  const firing = truths.filter((truth) => truth === 'firing').length;
  const sample: Sample = atLeastFire(truths, atLeast) === 'unknown' ? { kind: 'no-data', at, reason: 'members-unknown' } : { kind: 'value', at, value: firing };
  return { kind: 'vector', at, warnings: [], series: [{ labels: {}, sample }] };
}

/** Whether an alert's state can be believed at present. */
function isSettled(member: Trigger, { lastSample }: Alert): boolean {
  if (lastSample === undefined || isWithheld(lastSample)) return false;
  return isKnown(lastSample) || (lastSample.kind === 'error' ? member.onError : member.onNoData) !== 'hold';
}
