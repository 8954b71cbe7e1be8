import { readdir, readFile } from 'node:fs/promises';

/** Which processes are meant: those of a process group, those that carry an environment entry, and all their descendants. */
export interface ProcessQuery {
  /** A whole `NAME=value` entry, as the process was started with it. */
  readonly environmentEntry: string;
  readonly groupId?: number | undefined;
}

/** Living processes: pid to start time (in ticks since boot), which tells a process from a later one with the same pid. */
export type ProcessSet = ReadonlyMap<number, string>;

interface ProcessRow {
  readonly pid: number;
  readonly startedAtTicks: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly carriesEntry: boolean;
}

/**
 * Finds living processes through Linux' /proc: children that made a session of their own or were orphaned still carry
 * the environment that they were started with. Zombies are not alive. Where there is no /proc the answer is empty.
 * `known` are those of an earlier look, which count as long as they live.
 */
export async function findProcesses(query: ProcessQuery, known: ProcessSet = new Map()): Promise<ProcessSet> {
  const rows = await processRows(query.environmentEntry);
  const found = new Map<number, string>();
  for (const row of rows) {
    const wanted = row.carriesEntry || row.groupId === query.groupId || known.get(row.pid) === row.startedAtTicks;
    if (wanted) found.set(row.pid, row.startedAtTicks);
  }
  // A child that cleared its environment is still found while its parent lives.
  for (let sizeBefore = -1; sizeBefore !== found.size; ) {
    sizeBefore = found.size;
    for (const row of rows) if (found.has(row.parentPid)) found.set(row.pid, row.startedAtTicks);
  }
  found.delete(process.pid);
  return found;
}

async function processRows(environmentEntry: string): Promise<ProcessRow[]> {
  let names: string[];
  try {
    names = await readdir('/proc');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const rows = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => processRow(name, environmentEntry)));
  return rows.filter((row) => row !== undefined);
}

async function processRow(name: string, environmentEntry: string): Promise<ProcessRow | undefined> {
  const stat = await readProcFile(name, 'stat');
  // `pid (program) state parent group session …`; the program's name may hold blanks and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const environ = await readProcFile(name, 'environ');
  return {
    pid: Number(name),
    startedAtTicks: fields[19] ?? '',
    parentPid: Number(fields[1]),
    groupId: Number(fields[2]),
    carriesEntry: environ?.split('\0').includes(environmentEntry) ?? false,
  };
}

async function readProcFile(pid: string, file: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    // It has ended in between, or belongs to another user, whose processes could not be ended anyway.
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return undefined;
    throw error;
  }
}
