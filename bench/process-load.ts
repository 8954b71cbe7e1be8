import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface ProcessLoad {
  /** Processor time per time, of one core: 0.05 is five percent. */
  readonly cpu: number;
  /** Resident at the end, in MiB. */
  readonly memoryMiB: number;
}

/** Begins to measure a running process; what it gives is called at the end. Linux only. */
export async function measureLoad(pid: number): Promise<() => Promise<ProcessLoad>> {
  const startedMs = performance.now();
  const before = await processorSeconds(pid);
  return async () => {
    const seconds = (performance.now() - startedMs) / 1_000;
    return { cpu: ((await processorSeconds(pid)) - before) / seconds, memoryMiB: await residentMiB(pid) };
  };
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']).toString());

async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; behind it come the state (3rd field) and, as 14th and 15th, utime and stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

async function residentMiB(pid: number): Promise<number> {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) / 1_024;
}
