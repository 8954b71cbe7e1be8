import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { argumentList, commandSurroundings } from '../calls/command-line.js';
import { runProviderCommandWell } from '../calls/provider-command.js';
import type { ConfigurationProvider } from './configuration-provider.js';
import { hasItems, type ConfigItems } from './item-file.js';

export const commandConfigurationBinding = z.strictObject({ type: z.literal('command'), apply: argumentList, current: argumentList, ...commandSurroundings });

/** Configuration behind two commands: `apply` changes it, `current` prints it. */
export function commandConfiguration(binding: z.infer<typeof commandConfigurationBinding>, directory: string): ConfigurationProvider {
  const place = { ...binding, directory };
  return {
    async read({ parameters: { configVersion, configItems }, values }, signal) {
      const printed = await runProviderCommandWell(binding.current, place, values, { signal });
      if (configItems === undefined) return { state: printed === configVersion ? 'applied' : 'not-applied', actual: printed };
      const actual = printedItems(printed, binding.current[0] ?? '');
      return { state: hasItems(actual, configItems, 'json') ? 'applied' : 'not-applied', actual };
    },
    async apply({ values }, effort) {
      await runProviderCommandWell(binding.apply, place, values, effort);
    },
  };
}

function printedItems(printed: string, program: string): ConfigItems {
  let items: unknown;
  try {
    items = JSON.parse(printed);
  } catch {
    items = undefined;
  }
  if (typeof items === 'object' && items !== null && !Array.isArray(items)) return items as ConfigItems;
  throw new BelayError('provider-refused', `${program} printed ${JSON.stringify(printed.slice(0, 100))}, which is not an object of items in JSON`);
}
