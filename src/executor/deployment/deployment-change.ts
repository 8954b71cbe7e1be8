import type { StateChange } from '../state-executor.js';
import type { DeploymentProvider, DeploymentRequest } from './deployment-provider.js';

/** A service brought to a version. */
export function deploymentChange(provider: DeploymentProvider, request: DeploymentRequest): StateChange {
  const { service, version, environment } = request.parameters;
  const { capture, before = (captured: unknown) => ({ version: String(captured), provider }) } = provider;
  return {
    subject: `deployment of ${service} in ${environment}`,
    wanted: version,
    settles: true,
    read: (signal) => provider.read(request, signal),
    apply: (effort) => provider.deploy(request, effort),
    ...(capture === undefined ? {} : { capture: (signal: AbortSignal) => capture(request, signal) }),
    restoring(captured) {
      const back = before(captured);
      const wanted = { version: back.version };
      return deploymentChange(back.provider, { parameters: { ...request.parameters, ...wanted }, values: { ...request.values, ...wanted } });
    },
  };
}
