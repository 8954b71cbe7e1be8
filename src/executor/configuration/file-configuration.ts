import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { filePath } from '../calls/command-line.js';
import type { StepParameters } from '../step-parameters.js';
import type { ConfigurationProvider } from './configuration-provider.js';
import { hasItems, itemFormat, itemFormatSchema, readItems, writeItems, type ConfigItems } from './item-file.js';
import { itemMemory } from './item-memory.js';
import { reloading } from './reload.js';

/** `format` is known by the file's name where it is not said: .yaml, .yml, .json, .env. */
export const fileConfigurationBinding = z.strictObject({
  type: z.literal('file'),
  path: filePath.describe('The file.'),
  format: itemFormatSchema.describe('Without it the file\'s name tells.'),
  ...reloading,
});

/** Items of one file. */
export function fileConfiguration(binding: z.infer<typeof fileConfigurationBinding>, directory: string): ConfigurationProvider {
  const file = { path: resolve(directory, binding.path), shown: binding.path, format: itemFormat(binding.path, binding.format) };
  return {
    async read({ parameters }) {
      const wanted = wantedItems(parameters, binding.path);
      const actual = await readItems(file, Object.keys(wanted));
      return { state: hasItems(actual, wanted, file.format) ? 'applied' : 'not-applied', actual };
    },
    async apply({ parameters }, { signal }) {
      await writeItems(file, wantedItems(parameters, binding.path), signal);
    },
    memory: itemMemory(file),
  };
}

function wantedItems({ configItems }: StepParameters<'configuration'>, path: string): ConfigItems {
  if (configItems !== undefined) return configItems;
  throw new BelayError('parameter-invalid', `${path} is a plain file, which takes configItems; a configVersion needs a git or a command binding`);
}
