import type { StateChange } from '../state-executor.js';
import type { FlagProvider, FlagRequest } from './flag-provider.js';

/** One flag switched. */
export function flagChange(provider: FlagProvider, request: FlagRequest): StateChange {
  const { flagKey, targetState } = request.parameters;
  return {
    subject: `flag ${flagKey} in ${provider.place}`,
    wanted: wordOf(targetState),
    async read(signal) {
      const state = await provider.get(request, signal);
      return { state: state === targetState ? 'applied' : 'not-applied', actual: wordOf(state) };
    },
    apply: (effort) => provider.set(request, effort),
    restoring(captured) {
      const before = { targetState: captured === wordOf(true) };
      return flagChange(provider, { parameters: { ...request.parameters, ...before }, values: { ...request.values, ...before } });
    },
  };
}

function wordOf(state: boolean): string {
  return state ? 'on' : 'off';
}
