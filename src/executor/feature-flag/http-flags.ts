import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { httpCallSchema, httpReadSchema } from '../calls/http-call.js';
import { flagStateOf, type FlagProvider } from './flag-provider.js';
import { withoutCredentials } from '../calls/exchange.js';
import { requestValue, sendRequest } from '../calls/send-request.js';

export const httpFlagsBinding = z.strictObject({
  type: z.literal('http'),
  set: httpCallSchema.describe('Sets the flag.'),
  get: httpReadSchema.describe('Reads it: `true`, `on`, `1`, `enabled`, or `false`, `off`, `0`, `disabled`.'),
});

/** Flags behind an HTTP API: one request sets, another reads. */
export function httpFlags(binding: z.infer<typeof httpFlagsBinding>): FlagProvider {
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
