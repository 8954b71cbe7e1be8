import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { isAlive, waitFor } from './processes.js';

const run = promisify(execFile);
const PROGRAMS = '/usr/lib/postgresql/15/bin';

export interface PostgresServer {
  /** With the superuser `belay`, without a password. */
  readonly url: string;
  /** SIGKILL to every process of the server at once, as when the machine dies. */
  kill(): Promise<void>;
  /** Starts it again after `kill`; it recovers first. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real PostgreSQL 15 of its own on a free port and an empty data directory. */
export async function startPostgres(): Promise<PostgresServer> {
  if (!existsSync(join(PROGRAMS, 'initdb'))) throw new Error(`${PROGRAMS}/initdb is missing: apt-get install postgresql (PostgreSQL 15)`);
  const directory = await mkdtemp(join(tmpdir(), 'belay-postgres-'));
  await ownByPostgres(directory);
  const data = join(directory, 'data');
  const pidFile = join(data, 'postmaster.pid');
  const port = await freePort();
  await asPostgres('initdb', ['-D', data, '-A', 'trust', '-U', 'belay', '--no-sync', '-E', 'UTF8', '--locale', 'C']);
  const start = (): Promise<void> => asPostgres('pg_ctl', ['-D', data, '-o', `-p ${port} -c listen_addresses=127.0.0.1 -k ${directory} -F`, '-l', join(directory, 'log'), '-w', 'start']);
  await start();
  let runs = true;
  return {
    url: `postgres://belay@127.0.0.1:${port}/postgres`,
    async kill() {
      runs = false;
      const postmaster = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
      // While it is stopped it starts no other; those that it has may end by themselves at any time.
      process.kill(postmaster, 'SIGSTOP');
      const family = [postmaster, ...childrenOf(postmaster)];
      for (const pid of family) kill(pid);
      await waitFor(() => !family.some(isAlive));
      // Where nobody collects the dead, their numbers look alive to the next start.
      for (const lock of [pidFile, join(directory, `.s.PGSQL.${port}.lock`)]) await rm(lock, { force: true });
    },
    async start() {
      await start();
      runs = true;
    },
    async stop() {
      if (runs) await asPostgres('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
const isRoot = process.getuid?.() === 0;

async function asPostgres(program: string, args: readonly string[]): Promise<void> {
  const path = join(PROGRAMS, program);
  if (isRoot) await run('runuser', ['-u', 'postgres', '--', path, ...args], { cwd: '/' });
  else await run(path, args, { cwd: '/' });
}

async function ownByPostgres(directory: string): Promise<void> {
  if (!isRoot) return;
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)));
  await chown(directory, uid!, gid!);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && new RegExp(`^PPid:\\s+${parent}$`, 'm').test(readFileSync(`/proc/${name}/status`, 'utf8'));
    } catch {
      return false; // It has ended in between.
    }
  }).map(Number);
}
