import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAMS = '/usr/lib/postgresql/15/bin';

export interface PostgresServer {
  /** With the superuser `belay`, without a password. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a real PostgreSQL 15 of its own on a free port and an empty data directory. */
export async function startPostgres(): Promise<PostgresServer> {
  if (!existsSync(join(PROGRAMS, 'initdb'))) throw new Error(`${PROGRAMS}/initdb is missing: apt-get install postgresql (PostgreSQL 15)`);
  const directory = await mkdtemp(join(tmpdir(), 'belay-postgres-'));
  await ownByPostgres(directory);
  const data = join(directory, 'data');
  const port = await freePort();
  await asPostgres('initdb', ['-D', data, '-A', 'trust', '-U', 'belay', '--no-sync', '-E', 'UTF8', '--locale', 'C']);
  await asPostgres('pg_ctl', ['-D', data, '-o', `-p ${port} -c listen_addresses=127.0.0.1 -k ${directory} -F`, '-l', join(directory, 'log'), '-w', 'start']);
  return {
    url: `postgres://belay@127.0.0.1:${port}/postgres`,
    async stop() {
      await asPostgres('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']);
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
