import { isAsCaptured, type StateChange } from '../state-executor.js';
import type { FlagProvider, FlagRequest } from './flag-provider.js';

/** One flag switched, for everybody or for a segment of the users. */
export function flagChange(provider: FlagProvider, request: FlagRequest): StateChange {
  const { flagKey, targetState, segment } = request.parameters;
  const { memory, settles } = provider;
  const subject = `flag ${flagKey} in ${provider.place}${segment === undefined ? '' : ` for segment ${segment}`}`;
  return {
    subject,
    settles,
    wanted: wordOf(targetState),
    async read(signal) {
      const state = await provider.get(request, signal);
      return { state: state === targetState ? 'applied' : 'not-applied', actual: wordOf(state) };
    },
    apply: (effort) => provider.set(request, effort),
    ...(memory === undefined ? {} : { capture: (signal) => memory.capture(request, signal) }),
    restoring(captured) {
      if (memory !== undefined) {
        return {
          subject,
          wanted: captured,
          settles,
          async read(signal) {
            const actual = await memory.capture(request, signal);
            const isBack = isAsCaptured(actual, captured) && ((await memory.isSeen?.(request, signal)) ?? true);
            return { state: isBack ? 'applied' : 'not-applied', actual };
          },
          apply: (effort) => memory.putBack(request, captured, effort),
        };
      }
      const before = { targetState: captured === wordOf(true) };
      return flagChange(provider, { parameters: { ...request.parameters, ...before }, values: { ...request.values, ...before } });
    },
  };
}

function wordOf(state: boolean): string {
  return state ? 'on' : 'off';
}
