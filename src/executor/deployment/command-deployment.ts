import { z } from 'zod';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import { readingCurrent, type DeploymentProvider } from './deployment-provider.js';

export const commandDeploymentBinding = z.strictObject({ type: z.literal('command'), deploy: argumentList, current: argumentList, ...commandSurroundings });

/** Deployments behind two commands: `deploy` brings a version, `current` prints the one that runs. */
export function commandDeployment(binding: z.infer<typeof commandDeploymentBinding>, directory: string): DeploymentProvider {
  const place = { ...binding, directory };
  return {
    read: readingCurrent(async ({ values }, signal) => (await runProviderCommandWell(binding.current, place, values, { signal })) || undefined),
    async deploy({ values }, effort) {
      await runProviderCommandWell(binding.deploy, place, values, effort);
    },
  };
}
