import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { freePort } from './free-port.js';

const READY_WITHIN_MS = 30_000;

export interface AlertmanagerServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface AlertmanagerOptions {
  /** Where it was before: starts again on the same address and the same data. */
  readonly port?: number;
  readonly directory?: string;
  /** With it, a replica of a pair: its own port among replicas, and that of the other. */
  readonly cluster?: { readonly port: number; readonly peer: number };
}

/**
 * Starts a real Alertmanager on a free port with its data in a folder of its own (removed by `stop`, unless the folder
 * was given). `config` is the whole alertmanager.yml, which is JSON here.
 */
export async function startAlertmanager(config: Readonly<Record<string, unknown>>, options: AlertmanagerOptions = {}): Promise<AlertmanagerServer> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'belay-alertmanager-')));
  const configFile = join(directory, 'alertmanager.yml');
  await writeFile(configFile, JSON.stringify(config));
  const { cluster, port = await freePort() } = options;
  const clusterArguments = cluster === undefined ? ['--cluster.listen-address='] : [`--cluster.listen-address=127.0.0.1:${cluster.port}`, `--cluster.advertise-address=127.0.0.1:${cluster.port}`, `--cluster.peer=127.0.0.1:${cluster.peer}`, '--cluster.peer-timeout=1s', '--cluster.settle-timeout=2s'];
  const url = `http://127.0.0.1:${String(port)}`;
  const child = spawn(
    'prometheus-alertmanager',
    [`--config.file=${configFile}`, `--storage.path=${join(directory, 'data')}`, `--web.listen-address=127.0.0.1:${String(port)}`, ...clusterArguments, '--log.level=warn'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const startedMs = performance.now();
  while (!(await isReady(url))) {
    await waitMs(50);
    if (failure !== undefined) explainMissing(failure);
    if (child.exitCode !== null) throw new Error(`prometheus-alertmanager ended with ${String(child.exitCode)}: ${log}`);
    if (performance.now() - startedMs > READY_WITHIN_MS) {
      child.kill('SIGKILL');
      throw new Error(`prometheus-alertmanager was not ready within ${String(READY_WITHIN_MS)} ms: ${log}`);
    }
  }
  return {
    url,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    (answer) => answer.ok,
    () => false, // Not listening yet.
  );
}

function explainMissing(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    throw new Error('prometheus-alertmanager is missing: install the Debian package "prometheus-alertmanager"');
  }
  throw error;
}
