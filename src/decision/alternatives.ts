import type { Level } from '../trigger/trigger.js';
import type { Alternative } from './decision.js';
import type { Situation } from './situation.js';

/** The other levels of the ladder, and why the decision is about none of them. */
export function alternativesOf({ ladder, rungs, rung, input: { incident } }: Situation): readonly Alternative[] {
  if (ladder === undefined) return [];
  const levels = ([1, 2, 3, 4, 5] satisfies Level[]).filter((level) => level >= ladder.from && level <= ladder.to && level !== rung?.level);
  return levels.map((level) => {
    const other = rungs.find((candidate) => candidate.level === level);
    return { level, planId: other?.planId, why: whyNot(level) };

    function whyNot(at: Level): string {
      if (other === undefined) return 'the target has no plan there';
      if (incident.triedLevels.includes(at)) return 'it was tried, and has not helped';
      return rung !== undefined && at > rung.level ? 'it comes next, when the lower one is proved not to have helped' : 'a higher level was tried already';
    }
  });
}
