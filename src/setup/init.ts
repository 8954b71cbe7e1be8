import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { loadConfig } from '../config/load-config.js';
import type { Problem } from '../config/problem.js';
import { yamlFilesIn } from '../config/source-files.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { askEndpoint } from './ask-endpoint.js';
import type { Candidate } from './candidate.js';
import { type FirstFiles, type MetricsPlace, type ProposedTrigger, triggerName } from './first-files.js';
import { findBindings, type FoundBindings } from './found-bindings.js';
import { PrometheusInventory } from './prometheus-inventory.js';
import { propose, writeNewFiles } from './propose.js';
import { recognise } from './recognise.js';
import { scrapedInventory } from './scraped-inventory.js';

export interface InitRequest {
  readonly place: MetricsPlace;
  readonly target: string;
  /** The job of a Prometheus, where it is not called like the target. */
  readonly job?: string | undefined;
  readonly healthUrl?: string | undefined;
  /** Absolute. */
  readonly folder: string;
  readonly days: number;
  readonly now: number;
}

export interface InitResult {
  /** In the folder, in the order in which they were written. */
  readonly files: readonly string[];
  readonly triggers: readonly { readonly name: string; readonly watches: string; readonly condition: string; readonly window: string; readonly acts: boolean; readonly past: readonly string[] }[];
  readonly bindings: FoundBindings;
  /** What could not be seen on the way. */
  readonly remarks: readonly string[];
  /** What `belay check` says of it. */
  readonly warnings: readonly Problem[];
}

const HEALTH: Candidate = {
  name: 'Unhealthy', watches: { kind: 'health' }, conditions: ['== 0'], window: '', severity: 'critical', acts: true, summary: 'it does not say that it is healthy',
};

/** Looks at a service, proposes what to watch it for and writes a first configuration in dry-run mode. Rejects with BelayError and writes nothing when something is in the way. */
export async function init(request: InitRequest, onShare: (trigger: string, share: number) => void, signal: AbortSignal): Promise<InitResult> {
  const { folder, target, place, now, days } = request;
  await refuseWhatIsThere(folder);
  const remarks = place.kind === 'scrape' ? ['the thresholds are usual ones, not learned ones: a scraped endpoint keeps no history; a week of dry run tells whether they are right'] : [];
  const health = request.healthUrl === undefined ? undefined : await healthOf(request.healthUrl, remarks, signal);
  const candidates = [...(await candidatesOf(request, signal)), ...(health === undefined ? [] : [HEALTH])];
  if (candidates.length === 0) throw new BelayError('provider-refused', `${place.url} shows nothing that a trigger could be proposed for: no counter with a status, no histogram of durations, no pool, queue or memory; give a --health endpoint, or write rules/ by hand (docs/configuration.md)`);
  const bindings = await findBindings(folder, target);
  const parts: Omit<FirstFiles, 'triggers'> = { target, place, health, bindings };
  const proposal = await propose({ ...parts, candidates, now, days }, onShare, signal);
  await writeNewFiles(folder, proposal.files);
  const result = await loadConfig(join(folder, 'belay.yaml'));
  if (!result.ok) throw new BelayError('config-invalid', `${folder} was written, but is not valid: ${result.problems.map(({ message }) => message).join('; ')}`);
  return { files: Object.keys(proposal.files), triggers: proposal.triggers.map((trigger) => shown(target, trigger)), bindings, remarks, warnings: result.warnings };
}

async function refuseWhatIsThere(folder: string): Promise<void> {
  const listings = await Promise.all(['rules', 'plans'].map((name) => yamlFilesIn(join(folder, name))));
  const belay = join(folder, 'belay.yaml');
  const there = [...(existsSync(belay) ? [belay] : []), ...listings.flatMap(({ files }) => files)];
  if (there.length > 0) throw new BelayError('wrong-use', `nothing was written: ${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already; name another folder with --out`, { context: { files: there } });
}

async function candidatesOf({ place, target, job, now }: InitRequest, signal: AbortSignal): Promise<readonly Candidate[]> {
  if (place.kind === 'scrape') return recognise(await scrapedInventory(place.url, signal), {});
  const prometheus = new PrometheusInventory(place.url, now, signal);
  const known = await prometheus.jobOf(target, job);
  const select = known === undefined ? {} : { job: known };
  return recognise(await prometheus.of(select), select);
}

const healthBody = z.object({ status: z.string().max(100) });

/** What the endpoint answers now is what it is expected to answer, if that looks well. */
async function healthOf(url: string, remarks: string[], signal: AbortSignal): Promise<NonNullable<FirstFiles['health']>> {
  try {
    const { status, body } = await askEndpoint(url, {}, signal);
    if (status !== 200) remarks.push(`${url} answers HTTP ${status} now; its trigger expects 200`);
    const read = status === 200 ? healthBody.safeParse(parsed(body)) : undefined;
    return { url, status: read?.data?.status };
  } catch (error) {
    if (!(error instanceof BelayError)) throw error;
    remarks.push(errorText(error));
    return { url };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // A health endpoint may answer in any words.
  }
}

function shown(target: string, { candidate, condition, acts, past }: ProposedTrigger): InitResult['triggers'][number] {
  const { watches, window } = candidate;
  return { name: triggerName(target, candidate), watches: watches.kind === 'health' ? 'health' : watchedText(watches.signal), condition, window: watches.kind === 'health' ? '4 times in a row' : `for ${window}`, acts, past };
}

function watchedText(signal: Extract<Candidate['watches'], { kind: 'signal' }>['signal']): string {
  switch (signal.type) {
    case 'saturation':
      return `saturation of ${signal.limit}`;
    case 'latency':
      return `p95 latency of ${signal.metric}`;
    case 'errorRate':
    case 'queueDepth':
    case 'gauge':
      return `${signal.type} of ${signal.metric}`;
    default:
      return signal satisfies never;
  }
}
