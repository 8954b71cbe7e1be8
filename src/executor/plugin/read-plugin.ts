import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { BelayError, errorText } from '../../fault/belay-error.js';
import type { BelayPlugin, PluginSchema } from './plugin.js';
import { optionalMethods, pluginKinds, type PluginKind, type PluginManifest, type PluginPart } from './plugin-manifest.js';
import { objectSchema } from './plugin-schema.js';

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const EXAMPLE = 'export default { steps: { "my-step": { parameters, change } } }';

/** Runs a plugin's module and returns its default export. Throws `config-invalid` with words about what is wrong with it. */
export async function importPlugin(file: string): Promise<BelayPlugin> {
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (error) {
    throw refused(error instanceof SyntaxError ? `is no JavaScript module: ${error.message}${placeIn(file)}` : `throws while it is loaded: ${errorText(error)}`);
  }
  const plugin = module.default;
  if (!isMap(plugin)) throw refused(`has no default export that is a plugin; write ${EXAMPLE}`);
  const strange = Object.keys(plugin).find((key) => !(pluginKinds as readonly string[]).includes(key));
  if (strange !== undefined) throw refused(`has "${strange}" in its default export; known there: ${pluginKinds.join(', ')}`);
  return plugin;
}

/** What a plugin brings. Throws `config-invalid`. */
export function manifestOf(plugin: BelayPlugin): Omit<PluginManifest, 'file'> {
  const parts = pluginKinds.flatMap((kind) => {
    const entries: unknown = plugin[kind];
    if (entries === undefined) return [];
    if (!isMap(entries)) throw refused(`has "${kind}" that is no map of names; write ${EXAMPLE}`);
    return Object.entries(entries).map(([name, entry]) => partOf(kind, name, entry));
  });
  if (parts.length === 0) throw refused(`brings nothing; write ${EXAMPLE}`);
  return { parts };
}

function partOf(kind: PluginKind, name: string, entry: unknown): PluginPart {
  const where = `${kind}.${name}`;
  if (!NAME.test(name)) throw refused(`has ${kind} of the name ${JSON.stringify(name)}; write lower-case words joined by -, such as my-step`);
  if (!isMap(entry)) throw refused(`has ${where} that is no map; write { ${schemaKey(kind)}, change }`);
  const known = kind === 'steps' ? ['parameters', 'change', 'executor'] : ['settings', 'change'];
  const strange = Object.keys(entry).find((key) => !known.includes(key));
  if (strange !== undefined) throw refused(`has "${strange}" in ${where}; known there: ${known.join(', ')}`);
  const part = entry as { readonly [key in 'parameters' | 'settings']?: PluginSchema } & { readonly change?: unknown; readonly executor?: Partial<Record<string, unknown>> | null };
  if ((part.change === undefined) === (part.executor === undefined)) throw refused(`needs ${kind === 'steps' ? 'either a function "change" or an "executor"' : 'a function "change"'} in ${where}`);
  if (part.executor !== undefined && typeof part.executor?.['execute'] !== 'function') throw refused(`has an executor without a function "execute" in ${where}`);
  if (part.change !== undefined && typeof part.change !== 'function') throw refused(`has a "change" that is no function in ${where}`);
  const { executor } = part;
  const methods = executor === undefined ? optionalMethods : optionalMethods.filter((method) => typeof executor[method] === 'function');
  try {
    return { kind, name, schema: jsonSchemaOf(part[schemaKey(kind)]), methods: [...methods] };
  } catch (error) {
    throw refused(`has ${schemaKey(kind)} of ${where} that are no schema: ${errorText(error)}`);
  }
}

function schemaKey(kind: PluginKind): 'parameters' | 'settings' {
  return kind === 'steps' ? 'parameters' : 'settings';
}

/** The checked parameters or settings of a part, as its schema makes them. Throws `parameter-invalid`. */
export function checkedBy(schema: PluginSchema | undefined, data: unknown, what: string): Record<string, unknown> {
  const read = (isZod(schema) ? strict(schema) : objectSchema(schema ?? {})).safeParse(data);
  if (read.success) return read.data as Record<string, unknown>;
  throw new BelayError('parameter-invalid', read.error.issues.map(({ path, message }) => `${[what, ...path].join('.')}: ${message}`).join('; '));
}

function jsonSchemaOf(schema: PluginSchema | undefined): Record<string, unknown> {
  if (schema === undefined) return {};
  const json: unknown = isZod(schema) ? strict(schema).toJSONSchema({ io: 'input', unrepresentable: 'any' }) : schema;
  if (!isMap(json) || json['type'] !== 'object') throw new Error('it must be of type object');
  // What cannot be read here can be read nowhere.
  objectSchema(json);
  return JSON.parse(JSON.stringify(json)) as Record<string, unknown>;
}

type ZodLike = Pick<z.ZodType, 'safeParse' | 'toJSONSchema'>;

/** The zod that a plugin brings is seldom Belay's own copy, so only what it does counts. */
function isZod(schema: PluginSchema | undefined): schema is PluginSchema & ZodLike {
  return schema !== undefined && '_zod' in schema;
}

/** A plain `z.object` would drop keys that it does not know, and with them a slip of the pen. */
function strict(schema: ZodLike): ZodLike {
  const { def, strict: makeStrict } = schema as { readonly def?: { readonly type?: string; readonly catchall?: unknown }; readonly strict?: () => ZodLike };
  return def?.type === 'object' && def.catchall === undefined && typeof makeStrict === 'function' ? makeStrict.call(schema) : schema;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error itself does not say where, but node's own check of the text does; of a file that this one imports, nothing. */
function placeIn(file: string): string {
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--check', '-'], { input: readFileSync(file), encoding: 'utf8' });
  const [, line] = /^\S+:(\d+)\n/.exec(stderr) ?? [];
  return line === undefined ? '' : ` (${basename(file)}:${line})`;
}

function refused(words: string): BelayError {
  return new BelayError('config-invalid', words);
}
