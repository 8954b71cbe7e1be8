import type { ConfigurationBinding } from './configuration/configuration-bindings.js';
import { etcdRevision, PREVIOUS } from './configuration/etcd-configuration.js';
import type { FlagBinding } from './feature-flag/flag-bindings.js';
import { scopeProblem } from './feature-flag/flag-provider.js';

/** What a step asks of its binding that this cannot do. */
export interface UnfitWish {
  readonly parameter: string;
  readonly message: string;
  readonly hint?: string;
}

type Parameters = Readonly<Record<string, unknown>>;

/** What a flag of this binding cannot be asked for. Text with a template is known only when the step runs. */
export function unfitFlagWish(parameters: Parameters, binding: FlagBinding): UnfitWish | undefined {
  const scope = parameters['scope'] ?? 'global';
  const segment = parameters['segment'];
  if (binding.type === 'http' || binding.type === 'command' || !isPlain(scope) || (segment !== undefined && !isPlain(segment))) return undefined;
  const problem = scopeProblem(scope, segment);
  if (problem !== undefined) return { parameter: parameters['scope'] === undefined ? 'segment' : 'scope', message: problem };
  if (binding.type === 'sql' && binding.segmentColumn === undefined && segment !== undefined) {
    return { parameter: 'scope', message: 'this table of flags has no column for segments', hint: 'add segmentColumn to it in belay.yaml, or write scope: global' };
  }
  return undefined;
}

/** Not every kind of configuration can bring back every version, or set single items. */
export function unfitConfigurationWish({ configVersion, configItems }: Parameters, binding: ConfigurationBinding): UnfitWish | undefined {
  if (binding.type === 'file' && configVersion !== undefined) {
    return { parameter: 'configVersion', message: 'this configuration is a plain file, which has no versions', hint: 'write configItems, or keep the configuration in git' };
  }
  if (binding.type === 'kubernetes' && configVersion !== undefined) {
    return { parameter: 'configVersion', message: 'this configuration is a ConfigMap, which has no versions', hint: 'write configItems' };
  }
  if (binding.type === 'git' && binding.itemsFile === undefined && configItems !== undefined) {
    return { parameter: 'configItems', message: 'this configuration has no file for single items', hint: 'add itemsFile to it in belay.yaml, or write configVersion' };
  }
  if (binding.type !== 'etcd') return undefined;
  const { keys } = binding;
  if (isPlain(configVersion) && etcdRevision(configVersion) === undefined) {
    return { parameter: 'configVersion', message: `"${configVersion}" is no version of etcd`, hint: 'write the number of a revision, or previous' };
  }
  if (configVersion === PREVIOUS && keys === undefined) {
    return { parameter: 'configVersion', message: 'the previous values of which keys is not said', hint: 'add keys to this configuration in belay.yaml, or write the number of a revision' };
  }
  const strange = typeof configItems === 'object' && configItems !== null && keys !== undefined ? Object.keys(configItems).find((name) => !keys.includes(name)) : undefined;
  return strange === undefined ? undefined : { parameter: 'configItems', message: `"${strange}" is not among the keys of this configuration`, hint: `known: ${keys?.join(', ') ?? ''}` };
}

function isPlain(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('${');
}
