import { z } from 'zod';
import { commandDeployment, commandDeploymentBinding } from './command-deployment.js';
import type { DeploymentProvider } from './deployment-provider.js';
import { httpDeployment, httpDeploymentBinding } from './http-deployment.js';

/** An entry of `deployments`: how versions of one service are brought into an environment. */
export const deploymentBindingSchema = z.discriminatedUnion('type', [httpDeploymentBinding, commandDeploymentBinding]);
export type DeploymentBinding = z.infer<typeof deploymentBindingSchema>;

export function deploymentProvider(binding: DeploymentBinding, directory: string): DeploymentProvider {
  switch (binding.type) {
    case 'command':
      return commandDeployment(binding, directory);
    case 'http':
      return httpDeployment(binding);
    default:
      return binding satisfies never;
  }
}
