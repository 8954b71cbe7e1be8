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

/** Waits for something that another process does; throws after ten seconds. */
export async function waitFor(holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 20) {
    if (waitedMs > 10_000) throw new Error(`waited in vain for ${holds.toString()}`);
    await waitMs(20);
  }
}

/** Whether a process is at work: one that has ended and that nobody has collected is not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
