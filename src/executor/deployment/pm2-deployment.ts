import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { Clock } from '../../time/clock.js';
import { plainText } from '../calls/command-line.js';
import { durationMs } from '../steps/check-schema.js';
import type { TemplateValues } from '../calls/template.js';
import type { Effort, Reading } from '../state-executor.js';
import { clientProblem, clientView, servedVersion } from './client-view.js';
import type { DeploymentProvider, DeploymentRequest } from './deployment-provider.js';
import { Pm2Control, pm2Settings } from './pm2-control.js';
import type { Pm2Process } from './pm2-list.js';
import { ReleaseLink, releaseLinkSettings, unfinishedText } from './release-link.js';
import { waitUntilSteady, type Sight } from './wait-until-steady.js';

export const pm2DeploymentBinding = z.strictObject({
  type: z.literal('pm2'),
  /** Its name in pm2. */
  process: plainText.min(1).describe('The name in pm2. It is never taken for an id, a pattern or a namespace.'),
  ...pm2Settings,
  ...releaseLinkSettings,
  how: z.enum(['reload', 'restart']).default('reload').describe('`reload` keeps an instance of a cluster until the new one listens.'),
  ...clientView,
  startWithin: durationMs.prefault('30s').describe('How long an instance may take to come up. The step\'s `timeout` should leave as much again for the way back.'),
  stableFor: durationMs.prefault('5s').describe('How long it must stay online without being started again.'),
});

/** A release that is started again more often than this, before it has been stable, is not waited for any longer. */
const MOST_RESTARTS = 2;

/**
 * Releases in a directory, a symlink to the one that counts, and a pm2 process that is started through the link. One
 * instance is replaced first, the others once it is stable, so that a release that does not come up costs one instance.
 */
export function pm2Deployment(binding: z.infer<typeof pm2DeploymentBinding>, directory: string, clock: Clock): DeploymentProvider {
  const link = new ReleaseLink(binding, directory);
  const pm2 = new Pm2Control(binding, directory);
  const steadiness = { withinMs: binding.startWithin, stableMs: binding.stableFor };

  async function bringUp(request: DeploymentRequest, version: string, effort: Effort, isHurried: boolean): Promise<void> {
    const values = { ...request.values, version };
    const processes = await pm2.processesOf(binding.process, effort);
    const others = await without(version, processes);
    if (isHurried) {
      await pm2.replace('restart', others, effort);
      return;
    }
    const [first, ...rest] = others;
    if (first !== undefined) {
      await pm2.replace(binding.how, [first], effort);
      if (processes.length > 1) await waitFor(version, effort, (process) => process.id === first.id, () => unseenProblem(version, processes.length, values, effort.signal));
      await pm2.replace(binding.how, rest, effort);
    }
    await waitFor(version, effort, () => true, () => clientProblem(binding, version, values, effort.signal));
  }

  async function waitFor(version: string, effort: Effort, isMeant: (process: Pm2Process) => boolean, otherProblem: () => Promise<string | undefined>): Promise<void> {
    let restartsAtFirst: number | undefined;
    await waitUntilSteady(`release ${version} of pm2 process ${binding.process}`, steadiness, clock, effort.signal, async (): Promise<Sight> => {
      const processes = (await pm2.processesOf(binding.process, effort)).filter(isMeant);
      const restarts = processes.reduce((sum, process) => sum + process.restarts, 0);
      restartsAtFirst ??= restarts;
      const failed = processes.find(({ status }) => status === 'errored' || status === 'stopped');
      if (failed !== undefined) return { state: 'failed', problem: processText(failed) };
      if (restarts - restartsAtFirst > MOST_RESTARTS) return { state: 'failed', problem: `it was started again ${restarts - restartsAtFirst} times` };
      const [other] = await without(version, processes);
      const problem = other === undefined ? await otherProblem() : processText(other, await runningVersion(other));
      return problem === undefined ? { state: 'steady', identity: processes.map(({ pid }) => pid).join(' ') } : { state: 'not-yet', problem };
    });
  }

  /** Instances take turns with clients, so the version of one that serves is soon met; pm2 calls one that does not listen online, too. */
  async function unseenProblem(version: string, instances: number, values: TemplateValues, signal: AbortSignal): Promise<string | undefined> {
    let problem: string | undefined;
    for (let asked = 0; asked < 2 * instances; asked += 1) {
      problem = await clientProblem(binding, version, values, signal);
      if (problem === undefined) return undefined;
    }
    return problem;
  }

  /** Those that do not run the version, or do not run at all; the ones that serve come last. */
  async function without(version: string, processes: readonly Pm2Process[]): Promise<Pm2Process[]> {
    const versions = await Promise.all(processes.map(runningVersion));
    const others = processes.filter(({ status, id }, index) => status !== 'online' || id === undefined || versions[index] !== version);
    return others.toSorted((a, b) => Number(a.status === 'online') - Number(b.status === 'online'));
  }

  /** Where a process is at work tells its release; else it runs what the link has named since before it was started. */
  async function runningVersion({ pid, startedAt, status }: Pm2Process): Promise<string | undefined> {
    if (pid === undefined || status !== 'online') return undefined;
    // Not Linux, or the process of somebody else.
    const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    const version = workingDirectory === undefined ? undefined : await link.versionAt(workingDirectory);
    if (version !== undefined) return version;
    return startedAt >= (await link.movedAt()) ? (await link.read()).version : undefined;
  }

  async function refuseUnlessLinked(processes: readonly Pm2Process[]): Promise<void> {
    const spellings = [link.path, join(await realpath(dirname(link.path)), basename(link.path))];
    const leadsThrough = (path = ''): boolean => spellings.some((spelling) => path === spelling || path.startsWith(`${spelling}${sep}`));
    const unlinked = processes.find(({ script, cwd }) => !leadsThrough(script) && !leadsThrough(cwd));
    if (unlinked === undefined || binding.current !== undefined) return;
    throw new BelayError('provider-refused', `pm2 process ${binding.process} runs ${unlinked.script ?? 'a script'} in ${unlinked.cwd ?? 'a directory'}, neither of them through ${link.path}: start it through the link, or declare \`current\``);
  }

  return {
    async read({ parameters: { version }, values }, signal): Promise<Reading> {
      await link.pathOf(version);
      const { version: named, unfinished } = await link.read();
      if (unfinished !== undefined) return { state: 'not-applied', problem: unfinishedText(unfinished) };
      if (named === undefined) return { state: 'not-applied', problem: 'no release' };
      const processes = await pm2.processesOf(binding.process, { signal });
      const [other] = await without(named, processes);
      if (other !== undefined) return { state: 'not-applied', problem: `${named}, but ${processText(other, await runningVersion(other))}` };
      const served = await servedVersion(binding, values, signal);
      if (served !== undefined && served !== named) return { state: 'not-applied', problem: `${named}, but ${served} serves` };
      return { state: named === version ? 'applied' : 'not-applied', actual: named };
    },
    async deploy(request, effort) {
      await refuseUnlessLinked(await pm2.processesOf(binding.process, effort));
      await link.switchTo(request.parameters.version, effort, (...told) => bringUp(request, ...told));
    },
    capture: () => link.before(),
  };
}

function processText({ name, id, status }: Pm2Process, version?: string): string {
  const instance = `${name}${id === undefined ? '' : ` (pm2 id ${id})`}`;
  if (status !== 'online') return `${instance} is ${status}`;
  return version === undefined ? `${instance} has run since before the link was moved` : `${instance} runs ${version}`;
}
