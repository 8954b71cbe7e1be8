import type { StateChange } from '../state-executor.js';
import type { ConfigurationProvider, ConfigurationRequest } from './configuration-provider.js';

/** A service's configuration brought to a version, or some of its items to values. */
export function configurationChange(provider: ConfigurationProvider, request: ConfigurationRequest): StateChange {
  const { service, configVersion, configItems } = request.parameters;
  const { reload } = provider;
  return {
    subject: `configuration of ${service}`,
    wanted: configVersion ?? configItems,
    read: (signal) => provider.read(request, signal),
    apply: (effort) => provider.apply(request, effort),
    follow: reload === undefined ? undefined : (effort) => reload(request, effort),
  };
}
