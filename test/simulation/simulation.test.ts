import { describe, expect, it } from 'vitest';
import { liveThroughSeeds } from './many-seeds.js';
import { sabotages } from './sabotages.js';
import { guardedConfig, simulate } from './simulate.js';

/** Two minutes of seeds: so many processes beside this one, which only waits, for so long. */
const JOBS = 2;
const SEEDS_FOR_MS = 60_000;
/** On the slowest machine, so many are done in that time. */
const FEWEST_SEEDS = 3;
/** Seeds that have found a bug. 72: after a restart, a higher rung went by how the alerts had stood before it. 199: a stop while sources were asked again was told as a fault. */
const FOUND_BUGS: readonly number[] = [72, 199];

const config = await guardedConfig();

it('the same seed gives the same history, line by line', async () => {
  const once = await simulate(6, config);
  const again = await simulate(6, config);
  expect(again.lines).toEqual(once.lines);
  expect(once.lines.length).toBeGreaterThan(50);
});

it.each(FOUND_BUGS)('seed %i, which once found a bug, keeps every promise', { timeout: 60_000 }, async (seed) => {
  const { violations } = await simulate(seed, config);
  expect(violations).toEqual([]);
});

it('as many seeds as two minutes hold keep every promise', { timeout: SEEDS_FOR_MS + 240_000 }, async () => {
  const told: string[] = [];
  let done = 0;
  await liveThroughSeeds({
    firstSeed: 1,
    seeds: Infinity,
    jobs: JOBS,
    forMs: SEEDS_FOR_MS,
    onOutcome: (outcome) => {
      done += 1;
      if (outcome.told !== undefined) told.push(`seed ${outcome.seed}; see it with: npm run sim -- --seed ${outcome.seed}\n${outcome.told}`);
    },
  });
  process.stdout.write(`simulation: ${done} seeds in two minutes of work\n`);
  expect(told).toEqual([]);
  expect(done).toBeGreaterThan(FEWEST_SEEDS);
});

describe('a bug that is planted is found', () => {
  it.each(sabotages)('$bug', { timeout: 60_000 }, async ({ breaks, foundBy, sabotage }) => {
    const { violations } = await simulate(foundBy, config, { sabotage });
    expect(violations.map(({ invariant }) => invariant)).toContain(breaks);
  });
});
