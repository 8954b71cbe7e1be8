import { resolve } from 'node:path';
import { BelayError } from '../fault/belay-error.js';
import type { ConfigurationBinding } from './bindings.js';
import type { ConfigurationProvider } from './configuration-provider.js';
import { gitConfiguration } from './git-configuration.js';
import { hasItems, itemFormat, readItems, writeItems, type ConfigItems } from './item-file.js';
import { runProviderCommandWell } from './provider-command.js';
import type { StepParameters } from './step-parameters.js';

/** How one service's configuration is kept, by its binding. */
export function boundConfiguration(binding: ConfigurationBinding, directory: string): ConfigurationProvider {
  switch (binding.type) {
    case 'git':
      return { ...gitConfiguration(binding, directory), reload: reloadOf(binding, directory) };
    case 'file':
      return { ...fileConfiguration(binding, directory), reload: reloadOf(binding, directory) };
    case 'command':
      return commandConfiguration(binding, directory);
    default:
      return binding satisfies never;
  }
}

function fileConfiguration(binding: Extract<ConfigurationBinding, { type: 'file' }>, directory: string): ConfigurationProvider {
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
  };
}

function wantedItems({ configItems }: StepParameters<'configuration'>, path: string): ConfigItems {
  if (configItems !== undefined) return configItems;
  throw new BelayError('parameter-invalid', `${path} is a plain file, which takes configItems; a configVersion needs a git or a command binding`);
}

function commandConfiguration(binding: Extract<ConfigurationBinding, { type: 'command' }>, directory: string): ConfigurationProvider {
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

function reloadOf(binding: Exclude<ConfigurationBinding, { type: 'command' }>, directory: string): ConfigurationProvider['reload'] {
  const { reload } = binding;
  if (reload === undefined) return undefined;
  return async ({ values }, effort) => {
    await runProviderCommandWell(reload, { ...binding, directory }, values, effort);
  };
}
