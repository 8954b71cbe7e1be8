import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';

const READY_WITHIN_MS = 30_000;

export interface PrometheusServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** The whole prometheus.yml, which is JSON here; without it nothing is scraped. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Samples of the past, in OpenMetrics with timestamps in seconds. */
  readonly openMetrics?: string;
  /** Takes samples through remote write. */
  readonly remoteWrite?: boolean;
  /** Where it was before: starts again on the same address and the same data. */
  readonly port?: number;
  readonly directory?: string;
  /** More of its command line. */
  readonly arguments?: readonly string[];
}

/** What `scrape_configs` needs for one endpoint, at the given interval. Prometheus begins to scrape five seconds after its start. */
export function scrapeConfig(job: string, url: string, interval = '1s'): Readonly<Record<string, unknown>> {
  const { host, pathname } = new URL(url);
  return { scrape_configs: [{ job_name: job, scrape_interval: interval, scrape_timeout: interval, metrics_path: pathname, static_configs: [{ targets: [host] }] }] };
}

/** Starts a real Prometheus on a free port with its data in a folder of its own (removed by `stop`, unless the folder was given). */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<PrometheusServer> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'belay-prometheus-')));
  const data = join(directory, 'data');
  const configFile = join(directory, 'prometheus.yml');
  await writeFile(configFile, JSON.stringify(options.config ?? {}));
  if (options.openMetrics !== undefined) {
    await writeFile(join(directory, 'past.om'), options.openMetrics);
    await promisify(execFile)('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(directory, 'past.om'), data]).catch(explainMissing);
  }
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${String(port)}`;
  const child = spawn(
    'prometheus',
    [`--config.file=${configFile}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${String(port)}`, '--storage.tsdb.retention.time=3650d', '--log.level=warn', ...(options.remoteWrite === true ? ['--web.enable-remote-write-receiver'] : []), ...(options.arguments ?? [])],
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
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${String(child.exitCode)}: ${log}`);
    if (performance.now() - startedMs > READY_WITHIN_MS) {
      child.kill('SIGKILL');
      throw new Error(`prometheus was not ready within ${String(READY_WITHIN_MS)} ms: ${log}`);
    }
  }
  return {
    url,
    pid: child.pid!,
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
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new Error('prometheus is missing: install the Debian package "prometheus"');
  throw error;
}
