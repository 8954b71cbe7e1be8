import type { LiveState } from '../live/live-state.js';

/** How many triggers a target has, and how many of them see nothing or have not been looked at yet. */
export interface Sight {
  readonly total: number;
  readonly blind: number;
  readonly unknown: number;
}

export const noSight: Sight = { total: 0, blind: 0, unknown: 0 };

const known = new WeakMap<LiveState['triggers'], ReadonlyMap<string, Sight>>();

/** By target; made once for each state of the triggers, however many ask. */
export function sightOfTargets(triggers: LiveState['triggers']): ReadonlyMap<string, Sight> {
  const made = known.get(triggers);
  if (made !== undefined) return made;
  const sights = new Map<string, { total: number; blind: number; unknown: number }>();
  for (const { target, health } of triggers.values()) {
    const sight = sights.get(target) ?? { ...noSight };
    sight.total += 1;
    if (health === 'err') sight.blind += 1;
    if (health === 'unknown') sight.unknown += 1;
    sights.set(target, sight);
  }
  known.set(triggers, sights);
  return sights;
}
