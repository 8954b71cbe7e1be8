import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { withoutCredentials } from '../calls/exchange.js';
import { httpCallSchema, httpReadSchema } from '../calls/http-call.js';
import { requestValue, sendRequest } from '../calls/send-request.js';
import { askedConfiguration, itemsIn } from './asked-configuration.js';
import type { ConfigurationProvider } from './configuration-provider.js';
import { reloading } from './reload.js';

export const httpConfigurationBinding = z.strictObject({
  type: z.literal('http'),
  apply: httpCallSchema.describe('Brings the version back, or sets the items.'),
  current: httpReadSchema.describe('Reads the version; for items, an object that holds them.'),
  ...reloading,
});

/** Configuration behind an HTTP API: one request changes it, another reads the version, or the items as an object. */
export function httpConfiguration(binding: z.infer<typeof httpConfigurationBinding>): ConfigurationProvider {
  const answered = (value: unknown): string => `${withoutCredentials(binding.current.url)} answered ${value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 100)}`;
  return askedConfiguration({
    async version({ values }, signal) {
      const value = await requestValue(binding.current, values, signal);
      if (typeof value === 'string' || typeof value === 'number') return String(value);
      throw new BelayError('provider-refused', `${answered(value)} where a version was expected`);
    },
    async items({ values }, signal) {
      const value = await requestValue({ ...binding.current, jsonPointer: binding.current.jsonPointer ?? '' }, values, signal);
      return itemsIn(value, answered(value));
    },
    async apply({ values }, { signal }) {
      await sendRequest(binding.apply, values, signal);
    },
  });
}
