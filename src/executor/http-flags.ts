import { BelayError } from '../fault/belay-error.js';
import type { FlagBinding } from './bindings.js';
import { flagStateOf, type FlagProvider } from './flag-provider.js';
import { requestValue, sendRequest, withoutCredentials } from './send-request.js';

/** Flags behind an HTTP API: one request sets, another reads. */
export function httpFlags(binding: Extract<FlagBinding, { type: 'http' }>): FlagProvider {
  return {
    place: withoutCredentials(binding.set.url),
    async get({ values }, signal) {
      const value = await requestValue(binding.get, values, signal);
      const state = flagStateOf(value);
      if (state === undefined) {
        const found = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 100);
        throw new BelayError('provider-refused', `${withoutCredentials(binding.get.url)} answered ${found} where the flag's state was expected`);
      }
      return state;
    },
    async set({ values }, { signal }) {
      await sendRequest(binding.set, values, signal);
    },
  };
}
