import type { GuardedConfigurations } from './guarded-configurations.js';
import { shrink } from './shrink.js';
import { type History, simulate } from './simulate.js';

/** What became of one seed; `told`: for people, where it broke a promise. */
export interface SeedOutcome {
  readonly seed: number;
  readonly told?: string | undefined;
}

/** Lives through one seed; a history that breaks a promise is told with as few happenings as still break it. */
export async function outcomeOf(seed: number, configurations: GuardedConfigurations): Promise<SeedOutcome> {
  const history = await simulate(seed, configurations);
  return history.violations.length === 0 ? { seed } : { seed, told: historyText(await shrink(history, configurations)) };
}

/** Which promise a history breaks, the happenings, and all that came of them. */
export function historyText(history: History): string {
  const { happenings, lines } = history;
  return [violationText(history), '', `with these ${happenings.length} happenings:`, ...happenings.map((happening) => `  ${JSON.stringify(happening)}`), '', ...lines, ''].join('\n');
}

export function violationText({ seed, violations: [first] }: History): string {
  return `seed ${seed} breaks "${first?.invariant ?? ''}": ${first?.text ?? ''}`;
}
