import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suggestion } from '../config/closest-word.js';
import type { Config } from '../config/config.js';
import type { Decision } from '../decision/decision.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { createPrometheusSource } from '../source/prometheus-source.js';
import type { PrometheusSettings } from '../source/source-settings.js';
import type { Query } from '../source/source.js';
import type { ChangeMarkers } from '../trigger/baseline.js';
import { sourceOf } from '../trigger/trigger-source.js';
import type { Trigger } from '../trigger/trigger.js';
import type { FiringSpan } from './alert-spans.js';
import { csvHistory } from './csv-history.js';
import { firstDecisions } from './first-decision.js';
import type { History } from './history.js';
import { memberHistory } from './member-history.js';
import { replayTrigger, type TriggerReplay } from './replay-trigger.js';
import { sourceHistory } from './source-history.js';
import { TruthTimeline } from './truth-timeline.js';

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
  /** Deployments of the past, for baselines before a change. */
  readonly changes?: readonly { readonly target: string; readonly at: number }[] | undefined;
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

type Outcome =
  | { readonly kind: 'replayed'; readonly replay: TriggerReplay; readonly truths: TruthTimeline }
  | { readonly kind: 'left' | 'failed'; readonly reason: string };

/** A question over a range takes longer than one about an instant. Prometheus itself gives up after two minutes. */
const RANGE_TIMEOUT_MS = 120_000;

/**
 * Replays the past through the triggers, one after another; one that fails does not stop the others. `onShare` hears
 * how far each of them is, 0 to 1. Rejects with BelayError `wrong-use` for a trigger that does not exist, or has no
 * history although it was named.
 */
export async function runBacktest(request: BacktestRequest, onShare: (trigger: Trigger, share: number) => void, signal: AbortSignal): Promise<Backtest> {
  const run = new BacktestRun(request, onShare, signal);
  const replays: TriggerReplay[] = [];
  const left: { trigger: Trigger; reason: string }[] = [];
  const failed: { trigger: Trigger; reason: string }[] = [];
  for (const trigger of chosenTriggers(request)) {
    const outcome = await run.outcomeOf(trigger);
    if (outcome.kind === 'replayed') replays.push(outcome.replay);
    else if (outcome.kind === 'failed') failed.push({ trigger, reason: outcome.reason });
    else if (request.triggers.length > 0) throw new BelayError('wrong-use', `${trigger.name} cannot be replayed: ${outcome.reason}`, { context: { trigger: trigger.name } });
    else left.push({ trigger, reason: outcome.reason });
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

/** Replays each trigger once, members before their composites. */
class BacktestRun {
  readonly #request: BacktestRequest;
  readonly #onShare: (trigger: Trigger, share: number) => void;
  readonly #signal: AbortSignal;
  readonly #outcomes = new Map<string, Outcome>();

  constructor(request: BacktestRequest, onShare: (trigger: Trigger, share: number) => void, signal: AbortSignal) {
    this.#request = request;
    this.#onShare = onShare;
    this.#signal = signal;
  }

  async outcomeOf(trigger: Trigger): Promise<Outcome> {
    const known = this.#outcomes.get(trigger.name);
    if (known !== undefined) return known;
    const outcome = await this.#replay(trigger).catch((error: unknown): Outcome => {
      this.#signal.throwIfAborted();
      if (!(error instanceof BelayError)) throw error;
      return { kind: 'failed', reason: errorText(error) };
    });
    this.#outcomes.set(trigger.name, outcome);
    return outcome;
  }

  async #replay(trigger: Trigger): Promise<Outcome> {
    const { config, csvFolder } = this.#request;
    if (trigger.query.kind === 'triggers') return this.#replayComposite(trigger, trigger.query);
    if (csvFolder !== undefined) return this.#replayFile(trigger, csvFile(csvFolder, trigger));
    const settings = config.sources.find((source): source is PrometheusSettings => source.type === 'prometheus' && source.name === trigger.source);
    if (settings !== undefined) return this.#replaySource(trigger, settings);
    if (trigger.query.kind === 'received' || trigger.query.kind === 'alerts') return { kind: 'left', reason: 'an Alertmanager keeps no history of its alerts; give it as files with --csv' };
    const what = trigger.query.kind === 'health' ? 'a health endpoint' : `${trigger.source}, a scraped endpoint,`;
    return { kind: 'left', reason: `${what} keeps no history; give it as files with --csv` };
  }

  async #replaySource(trigger: Trigger, settings: PrometheusSettings): Promise<Outcome> {
    const { fromAt, toAt, stepMs = trigger.intervalMs } = this.#request;
    if (fromAt === undefined || toAt === undefined) throw new TypeError('a source is asked about a range');
    const deploysAt = (this.#request.changes ?? []).filter(({ target }) => target === trigger.target).map(({ at }) => at);
    if (trigger.baseline?.kind === 'before-change' && deploysAt.length === 0) {
      return { kind: 'left', reason: `its baseline is the time before a change, and no change of ${trigger.target} is given: --change ${trigger.target}=INSTANT` };
    }
    const changes: ChangeMarkers = {
      lastDeployAt(_target, at) {
        const before = deploysAt.filter((deployAt) => deployAt <= at);
        return before.length === 0 ? undefined : Math.max(...before);
      },
    };
    const source = createPrometheusSource({ ...settings, timeoutMs: Math.max(settings.timeoutMs, RANGE_TIMEOUT_MS) });
    try {
      const asked = sourceOf({ ...trigger, intervalMs: stepMs }, source, changes);
      return await this.#through(trigger, sourceHistory(asked, trigger.query, { fromAt, toAt, stepMs }, this.#signal));
    } finally {
      await source.close();
    }
  }

  async #replayFile(trigger: Trigger, file: string): Promise<Outcome> {
    const size = await stat(file).then(
      (found) => (found.isFile() ? found.size : undefined),
      () => undefined, // Said below.
    );
    if (size === undefined) return { kind: 'left', reason: `there is no file ${file}` };
    const { fromAt, toAt, stepMs } = this.#request;
    return this.#through(trigger, await csvHistory(file, { fromAt, toAt, stepMs, bytes: size }));
  }

  async #replayComposite(trigger: Trigger, { of, atLeast }: Extract<Query, { kind: 'triggers' }>): Promise<Outcome> {
    const members: (TruthTimeline | undefined)[] = [];
    const steps: number[] = [];
    const faults: string[] = [];
    for (const name of of) {
      const member = this.#request.config.triggers.find((candidate) => candidate.name === name);
      const outcome: Outcome = member === undefined ? { kind: 'failed', reason: 'there is no such trigger' } : await this.outcomeOf(member);
      members.push(outcome.kind === 'replayed' ? outcome.truths : undefined);
      if (outcome.kind === 'replayed') steps.push(outcome.replay.stepMs);
      else faults.push(`${name} is unknown throughout: ${outcome.reason}`);
    }
    if (steps.length === 0) return { kind: 'left', reason: `none of its members has a history (${faults.join('; ')})` };
    return this.#through(trigger, memberHistory(members, atLeast, this.#request.stepMs ?? Math.min(...steps)), faults);
  }

  async #through(trigger: Trigger, history: History, faults: readonly string[] = []): Promise<Outcome> {
    const truths = new TruthTimeline({ ...trigger, intervalMs: history.stepMs });
    const replay = await replayTrigger(trigger, history, {
      onShare: (share) => this.#onShare(trigger, share),
      onEvaluated: (at, alerts, health) => truths.note(at, alerts, health),
    });
    return { kind: 'replayed', replay: { ...replay, faults: [...faults, ...replay.faults] }, truths };
  }
}

function csvFile(folder: string, { name }: Trigger): string {
  // A name may have any character; a path must not be made of it.
  return join(folder, `${name.replaceAll(/[/\\]/g, '_')}.csv`);
}
