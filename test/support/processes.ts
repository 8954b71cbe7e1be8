import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as waitMs } from 'node:timers/promises';

/** The living processes that were started with a `NAME=value` entry in their environment. */
export function carriers(environmentEntry: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(environmentEntry);
      } catch {
        return false; // It has ended in between.
      }
    })
    .map(Number);
}

const WAIT_AT_MOST_MS = 20_000;
const LOOK_EVERY_MS = 20;

/** Waits for something that another process does; throws after twenty seconds. */
export async function waitFor(holds: () => boolean): Promise<void> {
  await waitUntil(holds.toString(), async () => holds() || undefined);
}

/** Looks again and again until there is something to return; throws after twenty seconds. */
export async function waitUntil<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < WAIT_AT_MOST_MS) {
    const found = await look();
    if (found !== undefined) return found;
    await waitMs(LOOK_EVERY_MS);
  }
  throw new Error(`waited in vain for: ${what}`);
}

/** Whether a process is at work: one that has ended and that nobody has collected is not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
