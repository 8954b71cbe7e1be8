import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { runCommand } from '../../process/run-command.js';
import type { Clock } from '../../time/clock.js';
import { argumentList, filePath, plainText } from '../calls/command-line.js';
import { commandFailed } from '../calls/provider-command.js';
import type { TemplateValues } from '../calls/template.js';
import type { Effort } from '../state-executor.js';
import { durationMs } from '../steps/check-schema.js';
import { getFromEnv, setInEnv } from '../text/env-text.js';
import { editFile } from '../text/replace-file.js';
import { clientProblem, clientView, servedVersion } from './client-view.js';
import { parseComposeList, type ComposeContainer } from './compose-list.js';
import type { DeploymentProvider } from './deployment-provider.js';
import { waitUntilSteady, type Sight } from './wait-until-steady.js';
import { withWayBack } from './way-back.js';

export const composeDeploymentBinding = z.strictObject({
  type: z.literal('compose'),
  docker: argumentList.default(['docker']).describe('The docker program. Without it, `[docker]`.'),
  projectDirectory: filePath.describe('The project\'s directory.'),
  /** Without them, those that Compose finds by itself. */
  files: z.array(filePath).min(1).optional().describe('Its files, relative to it; without them, those that Compose finds by itself.'),
  project: plainText.regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be the name of a Compose project').optional().describe('The project\'s name, where it is not the directory\'s.'),
  service: plainText.regex(/^[A-Za-z0-9][\w.-]*$/, 'must be the name of a Compose service').describe('The Compose service.'),
  /** The file that Compose takes its variables from, and the variable that the tag of the service's image is. */
  envFile: filePath.optional().describe('The file with the variable, relative to the project\'s directory; without it, `.env`.'),
  tagVariable: plainText.regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable').describe('The variable that is the tag.'),
  ...clientView,
  startWithin: durationMs.prefault('60s').describe('How long the containers may take. The step\'s `timeout` should leave as much again for the way back.'),
  stableFor: durationMs.prefault('5s').describe('How long they must stay up.'),
});

/** What the tag of an image may be, in Docker's own words. */
const TAG = /^\w[\w.-]{0,127}$/;
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** One service of a Compose project, whose image's tag is a variable in an .env file. */
export function composeDeployment(binding: z.infer<typeof composeDeploymentBinding>, directory: string, clock: Clock): DeploymentProvider {
  const { service, tagVariable } = binding;
  const projectDirectory = resolve(directory, binding.projectDirectory);
  const envFile = resolve(projectDirectory, binding.envFile ?? '.env');
  const files = binding.files?.flatMap((file) => ['--file', resolve(projectDirectory, file)]) ?? [];
  const project = binding.project === undefined ? [] : ['--project-name', binding.project];

  async function compose(args: readonly string[], { signal, attemptId }: Effort): Promise<string> {
    const argv = [...binding.docker, 'compose', '--project-directory', projectDirectory, '--env-file', envFile, ...project, ...files, ...args];
    const result = await runCommand({ argv, cwd: directory, signal, attemptId, maxOutputBytes: MAX_LIST_BYTES });
    if (result.exitCode !== 0) throw commandFailed(`docker compose ${args[0] ?? ''}`, result);
    return result.stdout;
  }

  async function containers(signal: AbortSignal): Promise<ComposeContainer[]> {
    const list = parseComposeList(await compose(['ps', '--all', '--format', 'json', service], { signal }));
    return list.filter((container) => container.service === service);
  }

  const declaredTag = async (): Promise<string | undefined> => getFromEnv(await readFile(envFile, 'utf8'), tagVariable);

  async function bringUp(tag: string, values: TemplateValues, effort: Effort, isHurried: boolean): Promise<void> {
    await editFile(envFile, effort.signal, (text) => setInEnv(text, tagVariable, tag, envFile));
    await compose(['up', '--detach', '--no-deps', service], effort);
    if (isHurried) return;
    await waitUntilSteady(`${service} ${tag}`, { withinMs: binding.startWithin, stableMs: binding.stableFor }, clock, effort.signal, async (): Promise<Sight> => {
      const found = await containers(effort.signal);
      const problem = containerProblem(found, tag) ?? (await clientProblem(binding, tag, { ...values, version: tag }, effort.signal));
      if (problem === undefined) return { state: 'steady', identity: found.map(({ id }) => id).join(' ') };
      return { state: found.some(({ state }) => state === 'exited' || state === 'dead') ? 'failed' : 'not-yet', problem };
    });
  }

  return {
    async read({ parameters: { version }, values }, signal) {
      const found = await containers(signal);
      const tags = [...new Set(found.map(({ tag }) => tag ?? 'an image without a tag'))];
      const [tag, other] = tags;
      if (tag === undefined) return { state: 'not-applied', problem: 'no container' };
      if (other !== undefined) return { state: 'not-applied', problem: tags.join(' and ') };
      const declared = await declaredTag();
      const served = await servedVersion(binding, values, signal);
      const problem = containerProblem(found, tag);
      if (problem !== undefined) return { state: 'not-applied', problem: `${tag}, but ${problem}` };
      if (declared !== tag) return { state: 'not-applied', problem: `${tag}, but ${tagVariable} in ${envFile} is ${declared ?? 'not set'}` };
      if (served !== undefined && served !== tag) return { state: 'not-applied', problem: `${tag}, but ${served} serves` };
      return { state: tag === version ? 'applied' : 'not-applied', actual: tag };
    },
    async deploy({ parameters: { version }, values }, effort) {
      if (!TAG.test(version)) throw new BelayError('parameter-invalid', `${JSON.stringify(version.slice(0, 100))} cannot be the tag of an image`);
      const before = await capture(effort.signal);
      await withWayBack(before, effort, () => bringUp(version, values, effort, false), async (within, isHurried) => {
        if (before !== undefined) await bringUp(before, values, within, isHurried);
      });
    },
    capture: (_request, signal) => capture(signal),
  };

  /** What runs; what is declared may already be what a crash has left half done. */
  async function capture(signal: AbortSignal): Promise<string | undefined> {
    const running = (await containers(signal)).find(({ tag }) => tag !== undefined)?.tag;
    return running ?? (await declaredTag());
  }
}

function containerProblem(containers: readonly ComposeContainer[], tag: string): string | undefined {
  if (containers.length === 0) return 'there is no container';
  const other = containers.find((container) => container.tag !== tag || container.state !== 'running' || !['', 'healthy'].includes(container.health));
  if (other === undefined) return undefined;
  if (other.tag !== tag) return `${other.name} runs ${other.image}`;
  return `${other.name} is ${other.state === 'running' ? other.health : other.state}${other.exitCode === 0 ? '' : ` (exit code ${other.exitCode})`}`;
}
