import { z } from 'zod';
import { errorText } from '../../fault/belay-error.js';
import type { Clock } from '../../time/clock.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import { durationMs } from '../steps/check-schema.js';
import type { Effort } from '../state-executor.js';
import { clientView, readinessProblem, servedVersion } from './client-view.js';
import type { DeploymentProvider, DeploymentRequest } from './deployment-provider.js';
import { ReleaseLink, releaseLinkSettings } from './release-link.js';
import { waitUntilSteady, type Sight } from './wait-until-steady.js';

export const symlinkDeploymentBinding = z.strictObject({
  type: z.literal('symlink'),
  ...releaseLinkSettings,
  /** What makes the service run what the link names. */
  reload: argumentList.optional(),
  ...commandSurroundings,
  ...clientView,
  startWithin: durationMs.prefault('30s'),
  stableFor: durationMs.prefault('0s'),
});

/** Releases in a directory, a symlink to the one that counts, and a command after it has moved. A version is the name of a directory. */
export function symlinkDeployment(binding: z.infer<typeof symlinkDeploymentBinding>, directory: string, clock: Clock): DeploymentProvider {
  const link = new ReleaseLink(binding, directory);

  async function bringUp(request: DeploymentRequest, version: string, effort: Effort): Promise<void> {
    const values = { ...request.values, version };
    if (binding.reload !== undefined) await runProviderCommandWell(binding.reload, { ...binding, directory }, values, effort);
    const look = async (): Promise<Sight> => {
      const problem = (await versionProblem(values, version, effort.signal)) ?? (await readinessProblem(binding, values, effort.signal));
      return problem === undefined ? { state: 'steady', identity: '' } : { state: 'not-yet', problem };
    };
    await waitUntilSteady(`release ${version}`, { withinMs: binding.startWithin, stableMs: binding.stableFor }, clock, effort.signal, look);
  }

  async function versionProblem(values: Record<string, unknown>, version: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const served = (await servedVersion(binding, values, signal)) ?? version;
      return served === version ? undefined : `it serves ${served}`;
    } catch (error) {
      signal.throwIfAborted();
      return errorText(error);
    }
  }

  return {
    async read({ parameters: { version }, values }, signal) {
      await link.pathOf(version);
      const { version: named, unfinished } = await link.read();
      if (unfinished !== undefined) return { state: 'not-applied', problem: `a switch from ${unfinished.from ?? 'no release'} to ${unfinished.to} that was not finished` };
      if (named === undefined) return { state: 'not-applied', problem: 'no release' };
      const served = await servedVersion(binding, values, signal);
      if (named !== version) return { state: 'not-applied', actual: named };
      if (served !== undefined && served !== version) return { state: 'not-applied', problem: `the link names ${named}, and ${served} serves` };
      return { state: 'applied', actual: named };
    },
    deploy: (request, effort) => link.switchTo(request.parameters.version, effort, (version, within) => bringUp(request, version, within)),
    async capture() {
      const { version, unfinished } = await link.read();
      return unfinished === undefined ? version : unfinished.from;
    },
  };
}
