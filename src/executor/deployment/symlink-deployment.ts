import { z } from 'zod';
import type { Clock } from '../../time/clock.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import { durationMs } from '../steps/check-schema.js';
import type { Effort } from '../state-executor.js';
import { clientProblem, clientView, servedVersion } from './client-view.js';
import type { DeploymentProvider, DeploymentRequest } from './deployment-provider.js';
import { ReleaseLink, releaseLinkSettings, unfinishedText } from './release-link.js';
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

  async function bringUp(request: DeploymentRequest, version: string, effort: Effort, isHurried: boolean): Promise<void> {
    const values = { ...request.values, version };
    if (binding.reload !== undefined) await runProviderCommandWell(binding.reload, { ...binding, directory }, values, effort);
    if (isHurried) return;
    const look = async (): Promise<Sight> => {
      const problem = await clientProblem(binding, version, values, effort.signal);
      return problem === undefined ? { state: 'steady', identity: '' } : { state: 'not-yet', problem };
    };
    await waitUntilSteady(`release ${version}`, { withinMs: binding.startWithin, stableMs: binding.stableFor }, clock, effort.signal, look);
  }

  return {
    async read({ parameters: { version }, values }, signal) {
      await link.pathOf(version);
      const { version: named, unfinished } = await link.read();
      if (unfinished !== undefined) return { state: 'not-applied', problem: unfinishedText(unfinished) };
      if (named === undefined) return { state: 'not-applied', problem: 'no release' };
      const served = await servedVersion(binding, values, signal);
      if (named !== version) return { state: 'not-applied', actual: named };
      if (served !== undefined && served !== version) return { state: 'not-applied', problem: `the link names ${named}, and ${served} serves` };
      return { state: 'applied', actual: named };
    },
    deploy: (request, effort) => link.switchTo(request.parameters.version, effort, (...told) => bringUp(request, ...told)),
    capture: () => link.before(),
  };
}
