import { z } from 'zod';
import { commandFlags, commandFlagsBinding } from './command-flags.js';
import { fileFlags, fileFlagsBinding } from './file-flags.js';
import type { FlagProvider } from './flag-provider.js';
import { httpFlags, httpFlagsBinding } from './http-flags.js';
import { launchDarklyFlags, launchDarklyFlagsBinding } from './launchdarkly-flags.js';
import { sqlFlags, sqlFlagsBinding } from './sql-flags.js';
import { unleashFlags, unleashFlagsBinding } from './unleash-flags.js';

/** An entry of `featureFlags`: where flags are kept. */
export const flagBindingSchema = z.discriminatedUnion('type', [fileFlagsBinding, unleashFlagsBinding, launchDarklyFlagsBinding, sqlFlagsBinding, httpFlagsBinding, commandFlagsBinding]);
export type FlagBinding = z.infer<typeof flagBindingSchema>;

export function flagProvider(binding: FlagBinding, directory: string): FlagProvider {
  switch (binding.type) {
    case 'file':
      return fileFlags(binding, directory);
    case 'unleash':
      return unleashFlags(binding);
    case 'launchdarkly':
      return launchDarklyFlags(binding);
    case 'sql':
      return sqlFlags(binding, directory);
    case 'http':
      return httpFlags(binding);
    case 'command':
      return commandFlags(binding, directory);
    default:
      return binding satisfies never;
  }
}
