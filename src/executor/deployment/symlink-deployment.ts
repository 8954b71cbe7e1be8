import { z } from 'zod';
import type { Clock } from '../../time/clock.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import { durationMs } from '../steps/check-schema.js';
import { clientView } from './client-view.js';
import type { DeploymentProvider } from './deployment-provider.js';
import { linkDeployment } from './link-deployment.js';
import { ReleaseLink, releaseLinkSettings } from './release-link.js';

export const symlinkDeploymentBinding = z.strictObject({
  type: z.literal('symlink'),
  ...releaseLinkSettings,
  /** What makes the service run what the link names. */
  reload: argumentList.optional().describe('Runs after the link has moved.'),
  ...commandSurroundings,
  ...clientView,
  startWithin: durationMs.prefault('30s').describe('How long it may take until the service is ready. The step\'s `timeout` should leave as much again for the way back.'),
  stableFor: durationMs.prefault('0s').describe('How long it must stay so before the step counts as done.'),
});

/** Releases in a directory, a symlink to the one that counts, and a command after it has moved. A version is the name of a directory. */
export function symlinkDeployment(binding: z.infer<typeof symlinkDeploymentBinding>, directory: string, clock: Clock): DeploymentProvider {
  return linkDeployment({
    link: new ReleaseLink(binding, directory),
    binding,
    clock,
    async start(values, effort) {
      if (binding.reload !== undefined) await runProviderCommandWell(binding.reload, { ...binding, directory }, values, effort);
    },
    // Nobody but its clients is asked how the service is.
    observe: () => Promise.resolve({ state: 'steady', identity: '' }),
  });
}
