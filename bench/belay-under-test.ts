import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.js';
import { startProgram, type RunningProgram } from './program.js';
import { laneNumbers, METRIC, THRESHOLD } from './prometheus-config.js';
import { until } from './until.js';

const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

export interface BelayOptions {
  /** A folder of its own; files and store go there. */
  readonly directory: string;
  readonly prometheusUrl: string;
  readonly lanes: number;
  readonly forSeconds: number;
  /** The one step of each lane's plan. */
  readonly stepOf: (lane: number) => readonly string[];
}

/** Starts the built daemon with one target, trigger and plan per lane, and waits until it sees every lane. */
export async function startBelay({ directory, prometheusUrl, lanes, forSeconds, stepOf }: BelayOptions, signal: AbortSignal): Promise<RunningProgram> {
  const port = await freePort();
  await Promise.all(['rules', 'plans'].map((folder) => mkdir(join(directory, folder), { recursive: true })));
  // JSON is YAML.
  const write = (name: string, content: unknown): Promise<void> => writeFile(join(directory, name), JSON.stringify(content, undefined, 2));
  await write('belay.yaml', {
    environment: 'bench',
    http: { listen: `127.0.0.1:${port}` },
    sources: { prometheus: { type: 'prometheus', url: prometheusUrl, interval: '1s', timeout: '1s' } },
    targets: Object.fromEntries(laneNumbers(lanes).map((lane) => [targetOf(lane), {}])),
    // The lanes break one after another and must not hold each other up.
    policy: { fleet: { maxTargets: lanes, maxConcurrent: lanes } },
  });
  for (const lane of laneNumbers(lanes)) {
    await write(`rules/${targetOf(lane)}.yaml`, {
      target: targetOf(lane),
      triggers: [{ name: `LaneBroken${lane}`, source: 'prometheus', expr: `${METRIC}{lane="${lane}"}`, condition: `> ${THRESHOLD}`, for: `${forSeconds}s`, level: 1 }],
    });
    await write(`plans/${targetOf(lane)}.yaml`, {
      id: targetOf(lane),
      name: `Mend lane ${lane}`,
      target: targetOf(lane),
      level: 1,
      steps: [{ id: 'mark', name: 'Note the time', type: 'command', parameters: { command: stepOf(lane) }, timeout: 10 }],
    });
  }
  const belay = await startProgram(process.execPath, [BIN, 'run', '--config', join(directory, 'belay.yaml')], { saysReady: /belay watches/ });
  try {
    await until('Belay sees every lane', () => seesEveryLane(`http://127.0.0.1:${port}`, lanes), { timeoutMs: 30_000, signal });
  } catch (error) {
    await belay.stop();
    throw new Error(`${String(error)}\n${belay.output()}`);
  }
  return belay;
}

async function seesEveryLane(url: string, lanes: number): Promise<boolean> {
  const { triggers } = (await (await fetch(`${url}/api/v1/triggers`)).json()) as { readonly triggers: readonly { readonly alerts: readonly { readonly health: string }[] }[] };
  return triggers.filter(({ alerts: [alert] }) => alert?.health === 'ok').length === lanes;
}

function targetOf(lane: number): string {
  return `lane-${lane}`;
}
