import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { outcomeOf, type SeedOutcome } from './seed-outcome.js';
import { guardedConfigurations } from './guarded-configurations.js';

/** Lives through seeds, one after another. */
export interface SeedWorker {
  live(seed: number): Promise<SeedOutcome>;
  end(): void;
}

/** How the program is told that it works for another one. */
export const WORKER_FLAG = '--worker';

export async function workerHere(): Promise<SeedWorker> {
  const configurations = await guardedConfigurations();
  return { live: (seed) => outcomeOf(seed, configurations), end: () => undefined };
}

/** A worker in a process of its own. */
export function workerProcess(): SeedWorker {
  const child = fork(fileURLToPath(new URL('../../scripts/simulate.mjs', import.meta.url)), [WORKER_FLAG], { execArgv: [] });
  const ended = endOf(child);
  return {
    async live(seed) {
      child.send(seed);
      const [outcome] = (await Promise.race([once(child, 'message'), ended])) as [SeedOutcome];
      return outcome;
    },
    end: () => child.disconnect(),
  };
}

/** The other side: lives through the seeds that it is sent until nobody sends any more. */
export async function workForParent(): Promise<void> {
  const worker = await workerHere();
  process.on('message', (seed: number) => {
    void worker.live(seed).then((outcome) => process.send?.(outcome));
  });
  // Whoever has started it may be gone before its seed has ended.
  process.on('disconnect', () => process.exit());
}

/** Rejects when it has ended, which nobody may be waiting for any more. */
function endOf(child: ChildProcess): Promise<never> {
  const ended = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => {
    throw new Error(`a process that lived through seeds ended (${signal ?? String(code)})`);
  });
  ended.catch(() => undefined);
  return ended;
}
