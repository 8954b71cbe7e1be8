import { z } from 'zod';
import { commandConfiguration, commandConfigurationBinding } from './command-configuration.js';
import type { ConfigurationProvider } from './configuration-provider.js';
import { etcdConfiguration, etcdConfigurationBinding } from './etcd-configuration.js';
import { fileConfiguration, fileConfigurationBinding } from './file-configuration.js';
import { gitConfiguration, gitConfigurationBinding } from './git-configuration.js';
import { httpConfiguration, httpConfigurationBinding } from './http-configuration.js';

/** An entry of `configurations`: how one service's configuration is kept. */
export const configurationBindingSchema = z.discriminatedUnion('type', [gitConfigurationBinding, fileConfigurationBinding, etcdConfigurationBinding, httpConfigurationBinding, commandConfigurationBinding]);
export type ConfigurationBinding = z.infer<typeof configurationBindingSchema>;

export function configurationProvider(binding: ConfigurationBinding, directory: string): ConfigurationProvider {
  switch (binding.type) {
    case 'git':
      return gitConfiguration(binding, directory);
    case 'file':
      return fileConfiguration(binding, directory);
    case 'etcd':
      return etcdConfiguration(binding, directory);
    case 'http':
      return httpConfiguration(binding);
    case 'command':
      return commandConfiguration(binding, directory);
    default:
      return binding satisfies never;
  }
}
