import type { SeedOutcome } from './seed-outcome.js';
import { type SeedWorker, workerHere, workerProcess } from './seed-worker.js';

export interface ManySeeds {
  readonly firstSeed: number;
  readonly seeds: number;
  /** So many processes; 1: this one. */
  readonly jobs: number;
  /** No seed is begun after so long. */
  readonly forMs?: number | undefined;
  /** Hears of each seed when it has ended, in the order in which they end. */
  readonly onOutcome: (outcome: SeedOutcome) => void | Promise<void>;
}

/** Lives through seed after seed, as many at once as there are jobs. */
export async function liveThroughSeeds({ firstSeed, seeds, jobs, forMs = Infinity, onOutcome }: ManySeeds): Promise<void> {
  const workers: readonly SeedWorker[] = jobs === 1 ? [await workerHere()] : Array.from({ length: jobs }, workerProcess);
  const endsAt = performance.now() + forMs;
  let next = firstSeed;
  const work = async (worker: SeedWorker): Promise<void> => {
    while (next < firstSeed + seeds && performance.now() < endsAt) await onOutcome(await worker.live(next++));
  };
  try {
    await Promise.all(workers.map(work));
  } finally {
    for (const worker of workers) worker.end();
  }
}
