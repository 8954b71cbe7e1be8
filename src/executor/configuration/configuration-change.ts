import { isAsCaptured, type Effort, type StateChange } from '../state-executor.js';
import type { ConfigurationProvider, ConfigurationRequest, Reload } from './configuration-provider.js';

/** A service's configuration brought to a version, or some of its items to values; then the service is told. */
export function configurationChange(provider: ConfigurationProvider, reload: Reload | undefined, request: ConfigurationRequest): StateChange {
  const { service, configVersion, configItems } = request.parameters;
  const { memory } = provider;
  const subject = `configuration of ${service}`;
  const follow = reload === undefined ? undefined : (effort: Effort) => reload(request, effort);
  return {
    subject,
    wanted: configVersion ?? configItems,
    read: (signal) => provider.read(request, signal),
    apply: (effort) => provider.apply(request, effort),
    follow,
    capture: (signal) => memory.capture(request, signal),
    restoring: (captured) => ({
      subject,
      wanted: captured,
      async read(signal) {
        if (memory.read !== undefined) return await memory.read(request, captured, signal);
        const actual = await memory.capture(request, signal);
        return { state: isAsCaptured(actual, captured) ? 'applied' : 'not-applied', actual };
      },
      apply: (effort) => memory.putBack(request, captured, effort),
      follow,
    }),
  };
}
