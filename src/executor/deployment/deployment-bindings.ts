import { z } from 'zod';
import type { Clock } from '../../time/clock.js';
import { commandDeployment, commandDeploymentBinding } from './command-deployment.js';
import { composeDeployment, composeDeploymentBinding } from './compose-deployment.js';
import type { DeploymentProvider } from './deployment-provider.js';
import { githubActionsDeployment, githubActionsDeploymentBinding } from './github-actions-deployment.js';
import { httpDeployment, httpDeploymentBinding } from './http-deployment.js';
import { kubernetesDeployment, kubernetesDeploymentBinding } from './kubernetes-deployment.js';
import { pm2Deployment, pm2DeploymentBinding } from './pm2-deployment.js';
import { symlinkDeployment, symlinkDeploymentBinding } from './symlink-deployment.js';
import { systemdDeployment, systemdDeploymentBinding } from './systemd-deployment.js';

/** An entry of `deployments`: how versions of one service are brought into an environment. */
export const deploymentBindingSchema = z.discriminatedUnion('type', [
  pm2DeploymentBinding,
  symlinkDeploymentBinding,
  composeDeploymentBinding,
  systemdDeploymentBinding,
  kubernetesDeploymentBinding,
  githubActionsDeploymentBinding,
  httpDeploymentBinding,
  commandDeploymentBinding,
]);
export type DeploymentBinding = z.infer<typeof deploymentBindingSchema>;

export function deploymentProvider(binding: DeploymentBinding, directory: string, clock: Clock): DeploymentProvider {
  switch (binding.type) {
    case 'pm2':
      return pm2Deployment(binding, directory, clock);
    case 'symlink':
      return symlinkDeployment(binding, directory, clock);
    case 'compose':
      return composeDeployment(binding, directory, clock);
    case 'systemd':
      return systemdDeployment(binding, directory, clock);
    case 'kubernetes':
      return kubernetesDeployment(binding, directory, clock);
    case 'github-actions':
      return githubActionsDeployment(binding, clock);
    case 'command':
      return commandDeployment(binding, directory);
    case 'http':
      return httpDeployment(binding);
    default:
      return binding satisfies never;
  }
}
