import type { StateChange } from '../state-executor.js';
import type { DeploymentProvider, DeploymentRequest } from './deployment-provider.js';

/** A service brought to a version. */
export function deploymentChange(provider: DeploymentProvider, request: DeploymentRequest): StateChange {
  const { service, version, environment } = request.parameters;
  return {
    subject: `deployment of ${service} in ${environment}`,
    wanted: version,
    settles: true,
    async read(signal) {
      const current = await provider.current(request, signal);
      if (current === undefined) return { state: 'unknown', problem: 'no version is named' };
      return { state: current === version ? 'applied' : 'not-applied', actual: current };
    },
    apply: (effort) => provider.deploy(request, effort),
    restoring(captured) {
      const before = { version: String(captured) };
      return deploymentChange(provider, { parameters: { ...request.parameters, ...before }, values: { ...request.values, ...before } });
    },
  };
}
