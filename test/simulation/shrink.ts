import type { GuardedConfigurations } from './guarded-configurations.js';
import type { Happening } from './happening.js';
import { type History, type Sabotage, simulate } from './simulate.js';

/** Runs that one shrinking may take: enough for the few dozen happenings of a history. */
const MOST_RUNS = 200;

/** The same failure with as few happenings as possible: halves are left out first, then single ones, as long as the same promise is broken. */
export async function shrink(failed: History, configurations: GuardedConfigurations, sabotage?: Sabotage): Promise<History> {
  const invariant = failed.violations[0]?.invariant;
  let best = failed;
  let runs = 0;
  for (let size = Math.ceil(best.happenings.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.happenings.length && runs < MOST_RUNS; ) {
      const fewer: readonly Happening[] = [...best.happenings.slice(0, start), ...best.happenings.slice(start + size)];
      runs += 1;
      const history = await simulate(failed.seed, configurations, { happenings: fewer, sabotage });
      if (history.violations[0]?.invariant === invariant) best = history;
      else start += size;
    }
  }
  return best;
}
