import type { Config } from '../config/config.js';

/** By the name of a target, its `rpo`: how old a backup may be. */
export function recoveryPoints({ targets }: Pick<Config, 'targets'>): (target: string) => number | undefined {
  return (target) => targets.find(({ name }) => name === target)?.rpoMs;
}
