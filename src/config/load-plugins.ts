import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { bindingsSchema } from '../executor/bindings.js';
import type { PluginHost } from '../executor/plugin/plugin-host.js';
import type { PluginKind, PluginManifest } from '../executor/plugin/plugin-manifest.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { stepTypes } from '../rollback/rollback-plan.js';
import { pluginPath } from './belay-schema.js';
import { listOf, recordOf } from './check-schema.js';
import type { Path, Problem } from './problem.js';
import type { YamlDocument } from './yaml-document.js';

export interface LoadedPlugins {
  readonly plugins: readonly PluginManifest[];
  /** All could be loaded. */
  readonly isComplete: boolean;
  readonly problems: readonly Problem[];
}

/** The plugins that belay.yaml names, as far as they can be loaded. Paths that are none are left to the schema. */
export async function loadPlugins(document: YamlDocument, host: Pick<PluginHost, 'load'>): Promise<LoadedPlugins> {
  const plugins: PluginManifest[] = [];
  const problems: Problem[] = [];
  for (const [index, written] of listOf(recordOf(document.data)['plugins']).entries()) {
    const path: Path = ['plugins', index];
    const read = pluginPath.safeParse(written);
    if (!read.success) continue;
    const file = resolve(dirname(document.file), read.data);
    if (plugins.some((other) => other.file === file)) {
      problems.push(document.problem(path, 'another entry names the same file', { hint: 'take it out' }));
      continue;
    }
    const loaded = await load(file, read.data, host);
    if (typeof loaded === 'string') {
      problems.push(document.problem(path, loaded));
      continue;
    }
    const taken = takenNames(loaded, plugins);
    problems.push(...taken.map((words) => document.problem(path, words, { hint: 'give it another name' })));
    if (taken.length === 0) plugins.push(loaded);
  }
  return { plugins, isComplete: problems.length === 0, problems };
}

async function load(file: string, written: string, host: Pick<PluginHost, 'load'>): Promise<PluginManifest | string> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return `there is no file ${written}`;
  if (!found.isFile()) return `${written} is not a file`;
  try {
    return await host.load(file);
  } catch (error) {
    if (error instanceof BelayError && (error.code === 'config-invalid' || error.code === 'command-failed')) return `the plugin ${written} ${error.message}`;
    return `the plugin ${written} cannot be loaded: ${errorText(error)}`;
  }
}

/** Names that mean something else already. */
function takenNames({ parts }: PluginManifest, earlier: readonly PluginManifest[]): string[] {
  return parts.flatMap(({ kind, name }) => {
    const what = kind === 'steps' ? `the step type "${name}"` : `the type "${name}" of ${kind}`;
    if (ownNames(kind).includes(name)) return [`the plugin brings ${what}, which Belay has itself`];
    const other = earlier.find((plugin) => plugin.parts.some((part) => part.kind === kind && part.name === name));
    return other === undefined ? [] : [`the plugin brings ${what}, as another plugin does`];
  });
}

function ownNames(kind: PluginKind): readonly string[] {
  if (kind === 'steps') return stepTypes;
  return bindingsSchema.shape[kind].unwrap().valueType.options.flatMap((option) => [...(option._zod.propValues['type'] ?? [])].map(String));
}
