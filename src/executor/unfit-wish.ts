import { errorText } from '../fault/belay-error.js';
import type { ConfigurationBinding } from './configuration/configuration-bindings.js';
import { etcdRevision, PREVIOUS } from './configuration/etcd-configuration.js';
import { checkedBackupId } from './data/backup/backup-place.js';
import type { DatabaseBinding } from './data/database-bindings.js';
import { parseTableName } from './data/postgres/integrity.js';
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

const dataWishes = ['snapshotId', 'tables', 'migration'] as const;

/** What a database of each type is brought back by; commands take what they are written for. */
const dataWishesOf: Readonly<Record<Exclude<DatabaseBinding['type'], 'command'>, readonly (typeof dataWishes)[number][]>> = {
  postgres: ['snapshotId', 'tables'],
  migrations: ['migration'],
  sqlite: ['snapshotId'],
  files: ['snapshotId'],
};

/** A database can be asked for what its type brings back, out of backups whose names can be names. */
export function unfitDataWish(parameters: Parameters, binding: DatabaseBinding): UnfitWish | undefined {
  if (binding.type === 'command') return undefined;
  const able = dataWishesOf[binding.type];
  const strange = dataWishes.find((wish) => parameters[wish] !== undefined && !able.includes(wish));
  if (strange !== undefined) {
    const hint = strange === 'migration' ? 'migrations are reversed by an entry of type migrations' : `write ${able.join(' or ')}`;
    return { parameter: strange, message: `this entry of "databases" is of type ${binding.type}, which does not take ${strange}`, hint };
  }
  const { snapshotId, tables } = parameters;
  const words = [
    { parameter: 'snapshotId', problem: isPlain(snapshotId) ? faultOf(() => checkedBackupId(snapshotId)) : undefined },
    ...(typeof tables === 'object' && tables !== null ? Object.entries(tables) : []).map(([table, backup]: [string, unknown]) => ({
      parameter: 'tables',
      problem: (isPlain(table) ? faultOf(() => parseTableName(table)) : undefined) ?? (isPlain(backup) ? faultOf(() => checkedBackupId(backup)) : undefined),
    })),
  ];
  const fault = words.find(({ problem }) => problem !== undefined);
  return fault?.problem === undefined ? undefined : { parameter: fault.parameter, message: fault.problem };
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

function isPlain(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('${');
}
