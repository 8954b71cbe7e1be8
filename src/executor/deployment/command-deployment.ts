import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import { readingCurrent, type DeploymentProvider } from './deployment-provider.js';

export const commandDeploymentBinding = z.strictObject({
  type: z.literal('command'),
  deploy: argumentList.describe('Deploys the version.'),
  current: argumentList.describe('Prints the version that runs. Only reads.'),
  ...commandSurroundings,
});

/** Deployments behind two commands: `deploy` brings a version, `current` prints the one that runs. */
export function commandDeployment(binding: z.infer<typeof commandDeploymentBinding>, directory: string): DeploymentProvider {
  const place = { ...binding, directory };
  return {
    read: readingCurrent(async ({ parameters, values }, signal) => {
      refuseUnrecognisable(parameters.version);
      return (await runProviderCommandWell(binding.current, place, values, { signal })) || undefined;
    }),
    async deploy({ parameters, values }, effort) {
      refuseUnrecognisable(parameters.version);
      await runProviderCommandWell(binding.deploy, place, values, effort);
    },
  };
}

/** Otherwise it would be deployed, and waited for until the step's time is over. */
function refuseUnrecognisable(version: string): void {
  if (version === version.trim()) return;
  throw new BelayError('parameter-invalid', `the version ${JSON.stringify(version)} begins or ends with white space, and what \`current\` prints is trimmed, so that it could never be recognised; leave the white space out`);
}
