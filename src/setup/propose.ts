import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HistoryBatch } from '../backtest/history.js';
import { nearMisses, oftenText, summarize, type TriggerSummary } from '../backtest/backtest-summary.js';
import { firstDecisions } from '../backtest/first-decision.js';
import { sourceHistory } from '../backtest/source-history.js';
import type { Config } from '../config/config.js';
import { type LoadResult, loadConfig } from '../config/load-config.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { createPrometheusSource } from '../source/prometheus-source.js';
import type { PrometheusSettings } from '../source/source-settings.js';
import { instantText } from '../time/instant-text.js';
import { formatDuration } from '../time/duration.js';
import type { Trigger } from '../trigger/trigger.js';
import type { Candidate } from './candidate.js';
import { type FirstFiles, firstFiles, type ProposedTrigger, triggerName } from './first-files.js';
import { kept, type Learned, learnThreshold } from './learn-threshold.js';

export interface ProposalRequest extends Omit<FirstFiles, 'triggers'> {
  readonly candidates: readonly Candidate[];
  readonly now: number;
  readonly days: number;
}

export interface Proposal {
  readonly files: Readonly<Record<string, string>>;
  readonly triggers: readonly ProposedTrigger[];
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** As fine as a window of minutes needs, and coarse enough for a week of it to be read in seconds. */
const STEP_MS = 30_000;
const RANGE_TIMEOUT_MS = 120_000;

/**
 * Chooses the thresholds by replaying the last days through the triggers, with the code that `belay backtest` runs.
 * `onShare` hears how far each trigger is, 0 to 1. Rejects with BelayError when the past cannot be read.
 */
export async function propose(request: ProposalRequest, onShare: (trigger: string, share: number) => void, signal: AbortSignal): Promise<Proposal> {
  const untried = request.candidates.map((candidate): ProposedTrigger => ({ candidate, condition: candidate.conditions[0], past: [], acts: candidate.acts }));
  if (request.place.kind === 'scrape') return finished(request, untried);
  const config = await configOf(firstFiles({ ...request, triggers: untried }));
  const triggers: ProposedTrigger[] = [];
  for (const trigger of untried) triggers.push(await judged(trigger, config, request, onShare, signal));
  return finished(request, triggers);
}

function finished(request: ProposalRequest, triggers: readonly ProposedTrigger[]): Proposal {
  return { triggers, files: firstFiles({ ...request, triggers }) };
}

async function judged(proposed: ProposedTrigger, config: Config, { target, now, days }: ProposalRequest, onShare: (trigger: string, share: number) => void, signal: AbortSignal): Promise<ProposedTrigger> {
  const { candidate } = proposed;
  if (candidate.watches.kind === 'health') return { ...proposed, past: ['A health endpoint keeps no history: a week of dry run tells how often it is down.'] };
  const name = triggerName(target, candidate);
  const trigger = config.triggers.find((one) => one.name === name);
  const settings = config.sources.find((source): source is PrometheusSettings => source.type === 'prometheus');
  if (trigger === undefined || settings === undefined) throw new TypeError(`${name} is not in its own file`);
  const batches = await pastOf(trigger, settings, { fromAt: now - days * DAY_MS, toAt: now }, (share) => onShare(name, share), signal);
  const learned = await learnThreshold(trigger, candidate.conditions, STEP_MS, batches);
  return { ...proposed, condition: learned.condition, acts: candidate.acts && learned.wasQuiet, past: pastText(learned, config) };
}

async function pastOf(trigger: Trigger, settings: PrometheusSettings, range: { readonly fromAt: number; readonly toAt: number }, onShare: (share: number) => void, signal: AbortSignal): Promise<readonly HistoryBatch[]> {
  const source = createPrometheusSource({ ...settings, timeoutMs: RANGE_TIMEOUT_MS });
  try {
    const history = sourceHistory(source, trigger.query, { ...range, stepMs: STEP_MS }, signal);
    const batches = await kept({ ...history, batches: told(history.batches, onShare) });
    return batches;
  } finally {
    await source.close();
  }
}

async function* told(batches: AsyncIterable<HistoryBatch>, onShare: (share: number) => void): AsyncGenerator<HistoryBatch> {
  for await (const batch of batches) {
    onShare(batch.share);
    yield batch;
  }
}

function pastText({ replay, wasQuiet }: Learned, config: Config): readonly string[] {
  const [summary] = summarize({ replays: [replay], decisions: firstDecisions([replay], config), left: [], failed: [] }).triggers;
  if (summary === undefined) return [];
  const firings = summary.firings.slice(0, 3).map(({ firedAt, worst }) => `${instantText(firedAt)}${worst === null ? '' : ` (up to ${worst})`}`);
  return [
    `${replayedText(summary)}: ${oftenText(summary)}${nearMisses(summary).map((miss) => `; ${miss}`).join('')}.`,
    ...(wasQuiet ? [] : [`${firings.length === 0 ? 'It came near to firing' : `It fired at ${firings.join(', ')}`}. Was that an incident? Until somebody has looked, it only tells people.`]),
  ];
}

function replayedText({ fromAt, toAt, unknownShare }: TriggerSummary): string {
  if (fromAt === null || toAt === null || unknownShare === 1) return 'No value of it in the past';
  const knownMs = (toAt - fromAt) * (1 - unknownShare);
  return knownMs < DAY_MS ? `In only ${formatDuration(Math.ceil(knownMs / MINUTE_MS) * MINUTE_MS)} of values` : `In ${Number((knownMs / DAY_MS).toPrecision(2))} days of values`;
}

/** Through files of their own, so that what is tried is what will be read. */
async function configOf(files: Readonly<Record<string, string>>): Promise<Config> {
  const result = await checked(files);
  if (result.ok) return result.config;
  throw new BelayError('config-invalid', `the proposed files are not valid: ${result.problems.map(({ message }) => message).join('; ')}`, { context: { problems: result.problems } });
}

async function checked(files: Readonly<Record<string, string>>): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'belay-init-'));
  try {
    await writeNewFiles(folder, files);
    return await loadConfig(join(folder, 'belay.yaml'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Never writes over a file: rejects with BelayError `wrong-use` instead. */
export async function writeNewFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { flag: 'wx' });
    } catch (cause) {
      throw new BelayError('wrong-use', `cannot write ${file}: ${errorText(cause)}`, { cause, context: { file } });
    }
  }
}
