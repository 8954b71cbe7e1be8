import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CloseStack } from '../src/daemon/close-stack.js';
import { startAlertmanager } from '../test/support/alertmanager-server.js';
import { startPrometheus } from '../test/support/prometheus-server.js';
import { startBelay } from './belay-under-test.js';
import { startMetricsServer } from './metrics-server.js';
import { startProgram } from './program.js';
import { alertmanagerConfig, alertTo, laneNumbers, METRIC, scrapeLanes, THRESHOLD, writeRules } from './prometheus-config.js';
import { until } from './until.js';

/** Who reacts; the names are those of the marker files. */
export const contenders = ['belay', 'tuned', 'stock', 'poller'] as const;
export type Contender = (typeof contenders)[number];

/** From "condition true in the data for as long as `for`" to "first step runs", in milliseconds, one per lane. */
export type Overheads = Readonly<Record<Contender, readonly number[]>>;

export interface ReactionOptions {
  /** A folder of its own, made and removed by the caller. */
  readonly directory: string;
  readonly lanes: number;
  readonly forSeconds: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** Two lanes are this far apart on average, so that one reaction does not get in the way of the next. */
const LANE_SPACING_MS = 1_500;
/** Alertmanager's default `group_wait`, and the slack to give up after. */
const LAST_REACTION_WITHIN_MS = 30_000 + 20_000;
const [MARKER, WEBHOOK, POLLER] = ['marker.sh', 'webhook.mjs', 'poller.mjs'].map((name) => fileURLToPath(new URL(`programs/${name}`, import.meta.url))) as [string, string, string];

/**
 * Lets every contender watch the same lanes through the same Prometheus, breaks the lanes one after another at random
 * moments, and measures when each contender has run its step.
 */
export async function measureReactions({ directory, lanes, forSeconds, signal, say }: ReactionOptions): Promise<Overheads> {
  const opened = new CloseStack();
  const marks = join(directory, 'marks');
  const markOf = (contender: Contender, lane: number): string => join(marks, `${contender}-${lane}`);
  try {
    await mkdir(marks, { recursive: true });
    const metrics = await startMetricsServer(lanes);
    opened.add('the metrics server', () => metrics.stop());
    const webhook = await startProgram(process.execPath, [WEBHOOK, MARKER, marks], { saysReady: /^http.*\n/ });
    opened.add('the webhook program', () => webhook.stop());
    const alertmanager = await startAlertmanager(alertmanagerConfig(webhook.output().trim()));
    opened.add('Alertmanager', () => alertmanager.stop());
    const rules = await writeRules(join(directory, 'rules.json'), lanes, forSeconds);
    const prometheus = await startPrometheus({ config: { ...scrapeLanes(metrics.host, lanes), ...rules, ...alertTo(alertmanager.url) } });
    opened.add('Prometheus', () => prometheus.stop());
    const poller = await startProgram(process.execPath, [POLLER, prometheus.url, String(lanes), String(forSeconds), MARKER, marks], { saysReady: /polling/ });
    opened.add('the poller', () => poller.stop());
    await until('Prometheus evaluates every rule', () => evaluatesEveryRule(prometheus.url, lanes), { timeoutMs: 30_000, signal });
    const belay = await startBelay(
      { directory: join(directory, 'belay'), prometheusUrl: prometheus.url, lanes, forSeconds, stepOf: (lane) => ['sh', MARKER, markOf('belay', lane)] },
      signal,
    );
    opened.add('Belay', () => belay.stop());

    for (const lane of laneNumbers(lanes)) {
      await waitMs(LANE_SPACING_MS * (0.5 + Math.random()), undefined, { signal });
      metrics.breakLane(lane);
      say(`lane ${lane + 1} of ${lanes} is broken`);
    }
    say(`waiting for the last reactions, about ${forSeconds + 31} s`);
    const all = laneNumbers(lanes).flatMap((lane) => contenders.map((contender) => markOf(contender, lane)));
    const timeoutMs = forSeconds * 1_000 + LAST_REACTION_WITHIN_MS;
    const missing = async (): Promise<readonly string[]> => (await Promise.all(all.map(async (file) => ((await markedAt(file)) === undefined ? [file] : [])))).flat();
    await until('every contender has reacted', async () => (await missing()).length === 0, { timeoutMs, signal }).catch(async (cause: unknown) => {
      throw new Error(`these have not reacted: ${(await missing()).join(' ')}\n${belay.output()}`, { cause });
    });

    const dueAt = await Promise.all(laneNumbers(lanes).map(async (lane) => (await breachedAt(prometheus.url, lane)) + forSeconds * 1_000));
    const overheads = async (contender: Contender): Promise<readonly number[]> =>
      Promise.all(dueAt.map(async (at, lane) => ((await markedAt(markOf(contender, lane))) ?? NaN) - at));
    return { belay: await overheads('belay'), tuned: await overheads('tuned'), stock: await overheads('stock'), poller: await overheads('poller') };
  } finally {
    await opened.close();
  }
}

/** When a step has run first, milliseconds since the epoch. */
async function markedAt(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => ''); // Not written yet.
  const [nanoseconds] = text.split('\n');
  return nanoseconds === undefined || nanoseconds === '' ? undefined : Number(BigInt(nanoseconds) / 1_000n) / 1_000;
}

/** The time of the first sample above the threshold, as Prometheus has stored it. Milliseconds since the epoch. */
async function breachedAt(prometheusUrl: string, lane: number): Promise<number> {
  const query = encodeURIComponent(`${METRIC}{lane="${lane}"}[10m]`);
  const { data } = (await (await fetch(`${prometheusUrl}/api/v1/query?query=${query}`)).json()) as { data: { result: readonly { values: readonly [number, string][] }[] } };
  const first = data.result[0]?.values.find(([, value]) => Number(value) > THRESHOLD);
  if (first === undefined) throw new Error(`Prometheus has no sample of lane ${lane} above ${THRESHOLD}`);
  return first[0] * 1_000;
}

async function evaluatesEveryRule(prometheusUrl: string, lanes: number): Promise<boolean> {
  const { data } = (await (await fetch(`${prometheusUrl}/api/v1/rules`)).json()) as { data: { groups: readonly { rules: readonly { health: string }[] }[] } };
  return data.groups.filter(({ rules }) => rules.every(({ health }) => health === 'ok')).length === lanes;
}
