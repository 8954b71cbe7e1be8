import { z } from 'zod';
import type { Clock } from '../../time/clock.js';
import { commandConfiguration, commandConfigurationBinding } from './command-configuration.js';
import type { ConfigurationProvider, Reload } from './configuration-provider.js';
import { etcdConfiguration, etcdConfigurationBinding } from './etcd-configuration.js';
import { fileConfiguration, fileConfigurationBinding } from './file-configuration.js';
import { gitConfiguration, gitConfigurationBinding } from './git-configuration.js';
import { httpConfiguration, httpConfigurationBinding } from './http-configuration.js';
import { kubernetesConfiguration, kubernetesConfigurationBinding, kubernetesRestart } from './kubernetes-configuration.js';
import { reloadOf } from './reload.js';

/** An entry of `configurations`: how one service's configuration is kept. */
export const configurationBindingSchema = z.discriminatedUnion('type', [
  gitConfigurationBinding,
  fileConfigurationBinding,
  kubernetesConfigurationBinding,
  etcdConfigurationBinding,
  httpConfigurationBinding,
  commandConfigurationBinding,
]);
export type ConfigurationBinding = z.infer<typeof configurationBindingSchema>;

export function configurationProvider(binding: ConfigurationBinding, directory: string): ConfigurationProvider {
  switch (binding.type) {
    case 'git':
      return gitConfiguration(binding, directory);
    case 'file':
      return fileConfiguration(binding, directory);
    case 'etcd':
      return etcdConfiguration(binding, directory);
    case 'kubernetes':
      return kubernetesConfiguration(binding, directory);
    case 'http':
      return httpConfiguration(binding);
    case 'command':
      return commandConfiguration(binding, directory);
    default:
      return binding satisfies never;
  }
}

/** What tells the service of a change. */
export function configurationReload(binding: ConfigurationBinding, directory: string, clock: Clock): Reload | undefined {
  return binding.type === 'kubernetes' ? kubernetesRestart(binding, directory, clock) : reloadOf(binding, directory);
}
