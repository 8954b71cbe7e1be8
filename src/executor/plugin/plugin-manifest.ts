import { z } from 'zod';

/** What a plugin may bring: step types, and providers of each section of belay.yaml. */
export const pluginKinds = ['steps', 'featureFlags', 'deployments', 'configurations', 'databases', 'traffic'] as const;
export type PluginKind = (typeof pluginKinds)[number];

/** What an executor of a plugin can do beside `execute`. */
export const optionalMethods = ['describe', 'ready', 'state', 'capture', 'undoing'] as const;

const partSchema = z.strictObject({
  kind: z.enum(pluginKinds),
  name: z.string(),
  /** A JSON Schema of an object: the parameters of a step type, or the settings of a provider. */
  schema: z.record(z.string(), z.unknown()),
  methods: z.array(z.enum(optionalMethods)),
});
/** One step type or provider. */
export type PluginPart = z.infer<typeof partSchema>;

/** What a plugin says of itself when it is loaded. */
export const manifestSchema = z.strictObject({ parts: z.array(partSchema) });

/** A plugin as the configuration names it, with what it brings. Plain data: its code runs in processes of its own. */
export interface PluginManifest extends z.infer<typeof manifestSchema> {
  /** Absolute. */
  readonly file: string;
}

/** An entry of belay.yaml whose type comes from a plugin. */
export interface PluginBinding {
  readonly type: 'plugin';
  /** The type as it is written. */
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Of an entry, the one that Belay carries out itself. */
export function ownBinding<B extends { readonly type: string }>(binding: B | PluginBinding | undefined): Exclude<B, PluginBinding> | undefined {
  return binding === undefined || binding.type === 'plugin' ? undefined : (binding as Exclude<B, PluginBinding>);
}
