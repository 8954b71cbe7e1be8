import { setTimeout as waitMs } from 'node:timers/promises';
import { BelayError } from '../fault/belay-error.js';
import { findProcesses, type ProcessQuery, type ProcessSet } from './process-table.js';

const POLL_MS = 25;
/** SIGKILL cannot be refused, but a process that hangs inside the kernel may take its time to go. */
const KILL_LIMIT_MS = 10_000;

/**
 * Ends every process of the query: SIGTERM, up to `graceMs` to leave, then SIGKILL again and again until none is left,
 * because a process that is about to die may still have started another one. Throws `command-failed` when some survive.
 */
export async function endProcesses(query: ProcessQuery, graceMs: number): Promise<void> {
  let alive = await findAlive(query);
  signalAll(alive, 'SIGTERM');
  // By the clock and not by looks: on a busy machine a look at all its processes takes its time too.
  const killAt = performance.now() + graceMs;
  for (let leftMs = graceMs; alive.size > 0 && leftMs > 0; leftMs = killAt - performance.now()) {
    await waitMs(Math.min(POLL_MS, leftMs));
    alive = await findAlive(query, alive);
  }
  const giveUpAt = performance.now() + KILL_LIMIT_MS;
  while (alive.size > 0 && performance.now() < giveUpAt) {
    signalAll(alive, 'SIGKILL');
    await waitMs(POLL_MS);
    alive = await findAlive(query, alive);
  }
  if (alive.size === 0) return;
  const pids = [...alive.keys()].join(', ');
  throw new BelayError('command-failed', `processes ${pids} are still there after SIGKILL`, { context: { pids } });
}

function signalAll(alive: ProcessSet, name: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of alive.keys()) sendSignal(pid, name);
}

async function findAlive(query: ProcessQuery, known?: ProcessSet): Promise<ProcessSet> {
  const found = await findProcesses(query, known);
  if (found.size > 0 || process.platform === 'linux' || query.groupId === undefined) return found;
  // Without /proc the group as a whole is all that can be asked for.
  return sendSignal(-query.groupId, 0) ? new Map([[-query.groupId, '']]) : found;
}

function sendSignal(pid: number, name: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    // EPERM: it is there, and it is not ours to end; the caller's count of survivors tells.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return true;
    throw error;
  }
}
