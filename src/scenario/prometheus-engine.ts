import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { BelayError, errorText } from '../fault/belay-error.js';
import { runCommand, type CommandResult } from '../process/run-command.js';
import { createHttpClient } from '../source/http-client.js';
import type { MetricSeries, Scenario } from './scenario.js';

export interface PrometheusEngine {
  readonly url: string;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;

/**
 * Starts a real Prometheus on a free port of the loopback interface, with the scenario's series as its past. Rejects
 * with BelayError `command-failed` when it is not installed or does not start.
 */
export async function startPrometheusEngine(scenario: Scenario): Promise<PrometheusEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'belay-engine-'));
  const stopping = new AbortController();
  let ended: Promise<unknown> = Promise.resolve();
  const stop = async (): Promise<void> => {
    stopping.abort(new Error('the scenario is over'));
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [past, data, config] = [join(directory, 'past.om'), join(directory, 'data'), join(directory, 'prometheus.yml')];
    await writeFile(past, openMetrics(scenario));
    await writeFile(config, '{}\n');
    await run(['promtool', 'tsdb', 'create-blocks-from', 'openmetrics', past, data], stopping.signal);
    const listen = `127.0.0.1:${await freePort()}`;
    const server = run(['prometheus', `--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${listen}`, '--storage.tsdb.retention.time=100y', '--log.level=warn'], stopping.signal);
    let failure: unknown;
    ended = server.then(
      () => (failure = new BelayError('command-failed', 'prometheus ended by itself')),
      (error: unknown) => (failure = error),
    );
    await untilReady(`http://${listen}`, () => failure);
    return { url: `http://${listen}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<CommandResult> {
  let result: CommandResult;
  try {
    result = await runCommand({ argv, signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new BelayError('command-failed', `engine: prometheus needs "${argv[0] ?? ''}", which cannot be started (${errorText(cause)}): install the Debian package "prometheus"`, { cause });
  }
  if (result.exitCode !== 0) throw new BelayError('command-failed', `${argv[0] ?? ''} ended with ${result.exitCode ?? result.signal ?? 'nothing'}: ${(result.stderr || result.stdout).trim()}`);
  return result;
}

async function untilReady(url: string, failure: () => unknown): Promise<void> {
  const client = createHttpClient({ keepAlive: false });
  const { signal } = new AbortController();
  try {
    for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += POLL_MS) {
      if (failure() !== undefined) throw failure() as Error;
      const answer = await client.ask({ method: 'GET', url: `${url}/-/ready`, headers: {}, timeoutMs: 1_000 }, signal);
      if (answer.kind === 'answer' && answer.status === 200) return;
      await waitMs(POLL_MS);
    }
    throw new BelayError('command-failed', `prometheus was not ready within ${READY_WITHIN_MS / 1_000} s`);
  } finally {
    client.close();
  }
}

/** Another program may take the port before Prometheus does; then Prometheus says so and ends. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Every point of every series, from the lead up to the scenario's end, in the text that promtool makes blocks of. */
function openMetrics({ series, startAt, intervalMs, lastsMs, leadMs }: Scenario): string {
  const lines: string[] = [];
  for (const { metric, labels, points } of series.values()) {
    const name = `${metric}${labelText(labels)}`;
    for (let index = -Math.floor(leadMs / intervalMs); index * intervalMs <= lastsMs; index += 1) {
      const value = points[Math.min(Math.max(index, 0), points.length - 1)];
      if (typeof value === 'number') lines.push(`${name} ${numberText(value)} ${(startAt + index * intervalMs) / 1_000}`);
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

function labelText(labels: MetricSeries['labels']): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  return Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
