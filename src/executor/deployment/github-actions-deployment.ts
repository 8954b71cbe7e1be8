import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { Clock } from '../../time/clock.js';
import { plainText } from '../calls/command-line.js';
import { httpReadSchema, httpUrl } from '../calls/http-call.js';
import { fillTemplate } from '../calls/template.js';
import { durationMs } from '../steps/check-schema.js';
import type { Effort } from '../state-executor.js';
import { servedVersion } from './client-view.js';
import { readingCurrent, type DeploymentProvider, type DeploymentRequest } from './deployment-provider.js';
import { GitHubApi } from './github-api.js';
import { GitHubRuns, type WorkflowRun } from './github-runs.js';

const pathName = plainText.regex(/^(?!\.{1,2}$)[\w.-]+$/, 'must be letters, digits, dots, hyphens and underscores');

export const githubActionsDeploymentBinding = z
  .strictObject({
    type: z.literal('github-actions'),
    apiUrl: httpUrl.default('https://api.github.com').describe('For GitHub Enterprise Server: `https://HOST/api/v3`.'),
    token: plainText.min(1).describe('A token that may start the workflow and read its runs.'),
    owner: pathName.describe('The owner of the repository.'),
    repo: pathName.describe('The repository.'),
    /** Its file name or its id. */
    workflow: pathName.describe('Its file name or its id.'),
    ref: plainText.min(1).describe('The branch or tag whose workflow runs. May refer to `${version}`.'),
    inputs: z.record(z.string(), plainText).default({}).describe('The workflow\'s inputs.'),
    /** An input that the workflow shows in its `run-name`; Belay fills it, and so knows its own run. */
    idInput: plainText.min(1).optional().describe('An input that Belay fills, and that the workflow\'s `run-name` shows: `run-name: deploy ${{ inputs.belay_id }}`. With it a run is known for certain on servers that do not name it, and followed instead of dispatched again after a crash.'),
    /** The environment whose newest successful deployment tells the version by its ref; or `current` asks the service. */
    environment: plainText.min(1).optional().describe('The GitHub environment. Either this or `current`.'),
    current: httpReadSchema.optional().describe('Where the service itself says which version it is.'),
    pollEvery: durationMs.prefault('5s').describe('How often the run is looked at.'),
  })
  .refine(({ environment, current }) => (environment === undefined) !== (current === undefined), 'needs either environment or current, to know which version runs');
type Binding = z.infer<typeof githubActionsDeploymentBinding>;

/** How long a run may take to show up after it was dispatched. */
const APPEARS_WITHIN_MS = 60_000;
/** Of the time that a step has to stop once it is over. */
const CANCEL_MS = 4_000;

/** A workflow that deploys: dispatched, its run found and followed to the end, and cancelled when the step's time is over. */
export function githubActionsDeployment(binding: Binding, clock: Clock): DeploymentProvider {
  const runs = new GitHubRuns(new GitHubApi(binding, clock), binding);
  const { environment } = binding;
  const current = async ({ values }: DeploymentRequest, signal: AbortSignal): Promise<string | undefined> =>
    environment === undefined ? await servedVersion(binding, values, signal) : await runs.deployedRef(fillTemplate(environment, values), signal);

  async function start(request: DeploymentRequest, { signal, attemptId }: Effort): Promise<number> {
    const { parameters, values } = request;
    // Of one wish, so that what an attempt before a crash has dispatched is found and followed, instead of run twice.
    const wish = `belay-${createHash('sha256').update(JSON.stringify([parameters.service, parameters.version, parameters.environment])).digest('hex').slice(0, 12)}`;
    const id = `${wish}-${attemptId ?? randomUUID()}`;
    const known = await runs.newest(0, signal);
    const underWay = binding.idInput === undefined ? undefined : known.find((run) => run.status !== 'completed' && isNamed(run, wish));
    if (underWay !== undefined) return underWay.id;

    const inputs = Object.fromEntries(Object.entries(binding.inputs).map(([name, value]) => [name, fillTemplate(value, values)]));
    const told = await runs.dispatch(fillTemplate(binding.ref, values), { ...inputs, ...(binding.idInput === undefined ? {} : { [binding.idInput]: id }) }, signal);
    if (told !== undefined) return told;
    const after = known[0]?.id ?? 0;
    try {
      return await appeared(after, binding.idInput === undefined ? undefined : id, signal);
    } catch (error) {
      if (signal.aborted && binding.idInput !== undefined) {
        const within = AbortSignal.timeout(CANCEL_MS);
        const run = (await runs.newest(after, within)).find((candidate) => isNamed(candidate, id));
        if (run !== undefined) await stop(run.id, within);
      }
      throw error;
    }
  }

  async function appeared(after: number, id: string | undefined, signal: AbortSignal): Promise<number> {
    const giveUpAt = clock.now() + APPEARS_WITHIN_MS;
    for (;;) {
      const newer = await runs.newest(after, signal);
      const [run, other] = id === undefined ? newer : newer.filter((candidate) => isNamed(candidate, id));
      if (other !== undefined) {
        throw new BelayError('conflict', `GitHub: ${newer.length} runs of ${binding.workflow} were dispatched at the same time (${newer.map(({ html_url }) => html_url).join(', ')}), and nothing tells which is Belay's; declare idInput`);
      }
      if (run !== undefined) return run.id;
      if (clock.now() >= giveUpAt) throw new BelayError('provider-refused', `GitHub: no run of ${binding.workflow} has appeared within ${APPEARS_WITHIN_MS / 1_000} s${id === undefined ? '' : `; does its run-name show the input ${binding.idInput ?? ''}?`}`);
      await pause(signal);
    }
  }

  async function follow(id: number, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const run = await runs.run(id, signal);
        if (run.status === 'completed') {
          if (run.conclusion === 'success') return;
          throw new BelayError('state-not-as-wanted', `GitHub: ${binding.workflow} has ended with ${run.conclusion ?? 'no conclusion'}: ${run.html_url}`, { context: { conclusion: run.conclusion, url: run.html_url } });
        }
        await pause(signal);
      }
    } catch (error) {
      if (signal.aborted) await stop(id, AbortSignal.timeout(CANCEL_MS));
      throw error;
    }
  }

  async function stop(id: number, signal: AbortSignal): Promise<void> {
    try {
      await runs.cancel(id, signal);
    } catch (problem) {
      // 409: it has ended by itself.
      if (problem instanceof BelayError && problem.context['status'] === 409) return;
      throw new BelayError('state-not-as-wanted', `GitHub: run ${id} could not be cancelled, and may go on`, { cause: problem });
    }
  }

  const pause = (signal: AbortSignal): Promise<void> => clock.sleepUntil(clock.now() + binding.pollEvery, signal);

  return {
    read: readingCurrent(current),
    async deploy(request, effort) {
      await follow(await start(request, effort), effort.signal);
      // Asked at this pace rather than at that of a read-back: GitHub counts the requests.
      while ((await current(request, effort.signal)) !== request.parameters.version) await pause(effort.signal);
    },
  };
}

function isNamed({ display_title: title, name }: WorkflowRun, id: string): boolean {
  return title.includes(id) || (name ?? '').includes(id);
}
