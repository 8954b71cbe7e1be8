import { setTimeout as waitMs } from 'node:timers/promises';
import { BelayError } from '../fault/belay-error.js';
import { findProcesses, type ProcessQuery } from './process-table.js';

const POLL_MS = 25;
/** SIGKILL cannot be refused, but a process that hangs inside the kernel may take its time to go. */
const KILL_LIMIT_MS = 10_000;

/**
 * Ends every process of the query: SIGTERM, up to `graceMs` to leave, then SIGKILL again and again until none is left,
 * because a process that is about to die may still have started another one. Throws `command-failed` when some survive.
 */
export async function endProcesses(query: ProcessQuery, graceMs: number): Promise<void> {
  let alive = await signalAll(query, 'SIGTERM');
  for (let waitedMs = 0; alive.size > 0 && waitedMs < graceMs; waitedMs += POLL_MS) {
    await waitMs(Math.min(POLL_MS, graceMs - waitedMs));
    alive = await findAlive(query);
  }
  if (alive.size === 0) return;
  for (let waitedMs = 0; waitedMs < KILL_LIMIT_MS; waitedMs += POLL_MS) {
    alive = await signalAll(query, 'SIGKILL');
    if (alive.size === 0) return;
    await waitMs(POLL_MS);
  }
  const pids = [...alive].join(', ');
  throw new BelayError('command-failed', `processes ${pids} are still there after SIGKILL`, { context: { pids } });
}

/** Resolves to those that were there to be signalled. */
async function signalAll(query: ProcessQuery, name: 'SIGTERM' | 'SIGKILL'): Promise<ReadonlySet<number>> {
  if (query.groupId !== undefined) sendSignal(-query.groupId, name);
  const alive = await findAlive(query);
  for (const pid of alive) sendSignal(pid, name);
  return alive;
}

async function findAlive(query: ProcessQuery): Promise<ReadonlySet<number>> {
  const found = await findProcesses(query);
  if (found.size > 0 || process.platform === 'linux' || query.groupId === undefined) return found;
  // Without /proc the group is all that can be asked for.
  return sendSignal(-query.groupId, 0) ? new Set([-query.groupId]) : found;
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
