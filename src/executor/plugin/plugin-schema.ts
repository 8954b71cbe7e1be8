import { z } from 'zod';
import type { PluginBinding, PluginKind, PluginManifest } from './plugin-manifest.js';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Reads a JSON Schema of an object; keys that it does not name are refused unless it says otherwise. Throws for any other. */
export function objectSchema(json: JsonSchema): z.ZodObject {
  const schema = z.fromJSONSchema({ type: 'object', additionalProperties: false, properties: {}, ...json });
  if (schema instanceof z.ZodObject) return schema;
  throw new Error('it must be a map of named keys: type: object with properties');
}

/** The parameters of a step type that a plugin brings. */
export function pluginStepSchema(plugins: readonly PluginManifest[], type: string): z.ZodObject | undefined {
  const part = pluginParts(plugins, 'steps').find(({ name }) => name === type);
  return part === undefined ? undefined : objectSchema(part.schema);
}

/** The forms of entries of a section whose types plugins bring. */
export function pluginBindingSchemas(plugins: readonly PluginManifest[], kind: PluginKind): ReturnType<typeof bindingSchema>[] {
  return pluginParts(plugins, kind).map(({ name, schema }) => bindingSchema(name, schema));
}

/** With `type` as one of its keys, so that it takes its place among the forms that Belay has itself. */
function bindingSchema(name: string, schema: JsonSchema) {
  return objectSchema(schema)
    .extend({ type: z.literal(name) })
    .transform((written): PluginBinding => ({ type: 'plugin', name, settings: Object.fromEntries(Object.entries(written).filter(([key]) => key !== 'type')) }));
}

function pluginParts(plugins: readonly PluginManifest[], kind: PluginKind): PluginManifest['parts'] {
  return plugins.flatMap(({ parts }) => parts.filter((part) => part.kind === kind));
}
