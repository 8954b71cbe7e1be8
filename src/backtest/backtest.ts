import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suggestion } from '../config/closest-word.js';
import type { Config } from '../config/config.js';
import type { Decision } from '../decision/decision.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { createPrometheusSource } from '../source/prometheus-source.js';
import type { PrometheusSettings } from '../source/source-settings.js';
import type { Trigger } from '../trigger/trigger.js';
import type { FiringSpan } from './alert-spans.js';
import { csvHistory } from './csv-history.js';
import { firstDecisions } from './first-decision.js';
import { replayTrigger, type TriggerReplay } from './replay-trigger.js';
import { sourceHistory } from './source-history.js';

export interface BacktestRequest {
  readonly config: Config;
  /** Instants in milliseconds since the epoch. Without `csvFolder` both are needed. */
  readonly fromAt?: number | undefined;
  readonly toAt?: number | undefined;
  /** Only these triggers; all of them when empty. */
  readonly triggers: readonly string[];
  /** The trigger's own interval (of a CSV file: the file's own step) when absent. */
  readonly stepMs?: number | undefined;
  /** A folder of `TRIGGER.csv` files to read instead of asking the sources. */
  readonly csvFolder?: string | undefined;
}

export interface Backtest {
  readonly replays: readonly TriggerReplay[];
  /** What each firing would have led to. */
  readonly decisions: ReadonlyMap<FiringSpan, Decision>;
  /** Triggers that have no history to be replayed, and why. */
  readonly left: readonly { readonly trigger: Trigger; readonly reason: string }[];
  /** Triggers whose history could not be read. */
  readonly failed: readonly { readonly trigger: Trigger; readonly reason: string }[];
}

/** A question over a range takes longer than one about an instant. Prometheus itself gives up after two minutes. */
const RANGE_TIMEOUT_MS = 120_000;

/**
 * Replays the past through the triggers, one after another; one that fails does not stop the others. `onShare` hears
 * how far each of them is, 0 to 1. Rejects with
 * BelayError `wrong-use` for a trigger that does not exist or has no history although it was named.
 */
export async function runBacktest(request: BacktestRequest, onShare: (trigger: Trigger, share: number) => void, signal: AbortSignal): Promise<Backtest> {
  const replays: TriggerReplay[] = [];
  const left: { trigger: Trigger; reason: string }[] = [];
  const failed: { trigger: Trigger; reason: string }[] = [];
  for (const trigger of chosenTriggers(request)) {
    const refusal = await whyNot(trigger, request);
    if (refusal !== undefined) {
      if (request.triggers.length > 0) throw new BelayError('wrong-use', `${trigger.name} cannot be replayed: ${refusal}`, { context: { trigger: trigger.name } });
      left.push({ trigger, reason: refusal });
      continue;
    }
    try {
      replays.push(await replayOne(trigger, request, (share) => onShare(trigger, share), signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BelayError)) throw error;
      failed.push({ trigger, reason: errorText(error) });
    }
  }
  return { replays, decisions: firstDecisions(replays, request.config), left, failed };
}

function chosenTriggers({ config, triggers: names }: BacktestRequest): readonly Trigger[] {
  const known = config.triggers.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const hint = suggestion(name, known, 'there are');
    throw new BelayError('wrong-use', `there is no trigger "${name}"${hint === undefined ? '' : `: ${hint}`}`, { context: { trigger: name } });
  }
  return names.length === 0 ? config.triggers : config.triggers.filter(({ name }) => names.includes(name));
}

/** Why a trigger has no past to look at; `undefined` when it has. */
async function whyNot(trigger: Trigger, { config, csvFolder }: BacktestRequest): Promise<string | undefined> {
  if (csvFolder !== undefined) {
    const file = csvFile(csvFolder, trigger);
    const isThere = await stat(file).then(
      (found) => found.isFile(),
      () => false, // Said below.
    );
    return isThere ? undefined : `there is no file ${file}`;
  }
  if (settingsOf(trigger, config) !== undefined) return undefined;
  const why = trigger.query.kind === 'health' ? 'a health endpoint' : `${trigger.source}, a scraped endpoint,`;
  return `${why} keeps no history; give it as files with --csv`;
}

async function replayOne(trigger: Trigger, { config, fromAt, toAt, stepMs, csvFolder }: BacktestRequest, onShare: (share: number) => void, signal: AbortSignal): Promise<TriggerReplay> {
  if (csvFolder !== undefined) {
    const file = csvFile(csvFolder, trigger);
    const { size } = await stat(file);
    return replayTrigger(trigger, await csvHistory(file, { fromAt, toAt, stepMs, bytes: size }), onShare);
  }
  const settings = settingsOf(trigger, config);
  if (settings === undefined || fromAt === undefined || toAt === undefined) throw new TypeError('a range of a Prometheus source is needed here');
  const source = createPrometheusSource({ ...settings, timeoutMs: Math.max(settings.timeoutMs, RANGE_TIMEOUT_MS) });
  try {
    return await replayTrigger(trigger, sourceHistory(source, trigger.query, { fromAt, toAt, stepMs: stepMs ?? trigger.intervalMs }, signal), onShare);
  } finally {
    await source.close();
  }
}

function settingsOf(trigger: Trigger, { sources }: Config): PrometheusSettings | undefined {
  return sources.find((source): source is PrometheusSettings => source.type === 'prometheus' && source.name === trigger.source);
}

function csvFile(folder: string, { name }: Trigger): string {
  // A name may have any character; a path must not be made of it.
  return join(folder, `${name.replaceAll(/[/\\]/g, '_')}.csv`);
}
