import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { Effort } from '../state-executor.js';
import type { ConfigurationProvider, ConfigurationRequest } from './configuration-provider.js';
import type { ConfigItems } from './item-file.js';

/** What a service of the user's own is asked, and told. */
export interface AskedConfiguration {
  /** The version, as text. */
  version(request: ConfigurationRequest, signal: AbortSignal): Promise<string>;
  /** At least those items that the step is about, where they are there. */
  items(request: ConfigurationRequest, signal: AbortSignal): Promise<ConfigItems>;
  apply(request: ConfigurationRequest, effort: Effort): Promise<void>;
}

const capturedSchema = z.union([z.strictObject({ configVersion: z.string().min(1) }), z.strictObject({ configItems: z.record(z.string(), z.json()) })]);

/** Configuration behind a question and an order: to put it back, the order is given once more, with what was there. */
export function askedConfiguration(asked: AskedConfiguration): ConfigurationProvider {
  async function present(request: ConfigurationRequest, signal: AbortSignal): Promise<ConfigItems> {
    const items = await asked.items(request, signal);
    return Object.fromEntries(Object.keys(request.parameters.configItems ?? {}).flatMap((name) => (Object.hasOwn(items, name) ? [[name, items[name]]] : [])));
  }
  return {
    async read(request, signal) {
      const { configVersion, configItems = {} } = request.parameters;
      if (configVersion !== undefined) {
        const version = await asked.version(request, signal);
        return { state: version === configVersion ? 'applied' : 'not-applied', actual: version };
      }
      const actual = await present(request, signal);
      return { state: isDeepStrictEqual(actual, { ...configItems }) ? 'applied' : 'not-applied', actual };
    },
    apply: (request, effort) => asked.apply(request, effort),
    memory: {
      async capture(request, signal) {
        if (request.parameters.configVersion !== undefined) return { configVersion: await asked.version(request, signal) };
        return { configItems: await present(request, signal) };
      },
      async putBack({ parameters: { service, ...wanted }, values }, captured, effort) {
        const before = capturedSchema.safeParse(captured);
        if (!before.success) throw new BelayError('undo-impossible', `configuration of ${service}: what was captured is neither a version nor items`);
        const lacking = 'configItems' in before.data ? Object.keys(wanted.configItems ?? {}).filter((name) => !Object.hasOwn((before.data as { configItems: object }).configItems, name)) : [];
        if (lacking.length > 0) throw new BelayError('undo-impossible', `configuration of ${service}: ${lacking.join(', ')} was not there before, and nothing is known that takes it out`);
        await asked.apply({ parameters: { service, ...before.data }, values: { ...values, ...before.data } }, effort);
      },
    },
  };
}

/** Throws `provider-refused` unless it is an object. */
export function itemsIn(data: unknown, told: string): ConfigItems {
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as ConfigItems;
  throw new BelayError('provider-refused', `${told} where an object of items in JSON was expected`);
}
