import { z } from 'zod';
import { argumentList } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import { askedConfiguration, itemsIn } from './asked-configuration.js';
import type { ConfigurationProvider } from './configuration-provider.js';
import { reloading } from './reload.js';

export const commandConfigurationBinding = z.strictObject({
  type: z.literal('command'),
  apply: argumentList.describe('Brings the version back, or sets the items.'),
  current: argumentList.describe('Prints the version; for items, an object of them as JSON. Only reads.'),
  ...reloading,
});

/** Configuration behind two commands: `apply` changes it, `current` prints it. */
export function commandConfiguration(binding: z.infer<typeof commandConfigurationBinding>, directory: string): ConfigurationProvider {
  const place = { ...binding, directory };
  return askedConfiguration({
    version: ({ values }, signal) => runProviderCommandWell(binding.current, place, values, { signal }),
    async items({ values }, signal) {
      const printed = await runProviderCommandWell(binding.current, place, values, { signal });
      return itemsIn(jsonIn(printed), `${binding.current[0] ?? ''} printed ${JSON.stringify(printed.slice(0, 100))}`);
    },
    async apply({ values }, effort) {
      await runProviderCommandWell(binding.apply, place, values, effort);
    },
  });
}

function jsonIn(printed: string): unknown {
  try {
    return JSON.parse(printed) as unknown;
  } catch {
    return undefined;
  }
}
