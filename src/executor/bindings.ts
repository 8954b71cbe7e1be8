import { z } from 'zod';
import { configurationBindingSchema } from './configuration/configuration-bindings.js';
import { databaseBindingSchema } from './data/database-bindings.js';
import { deploymentBindingSchema } from './deployment/deployment-bindings.js';
import { flagBindingSchema } from './feature-flag/flag-bindings.js';
import type { PluginManifest } from './plugin/plugin-manifest.js';
import { pluginBindingSchemas } from './plugin/plugin-schema.js';
import { trafficBindingSchema } from './traffic/traffic-bindings.js';

/** The `featureFlags`, `deployments`, `configurations`, `databases` and `traffic` of belay.yaml: by name, how a step's effect is made. */
export function bindingsSchemaWith(plugins: readonly PluginManifest[]) {
  return z.strictObject({
    featureFlags: z.record(z.string(), z.discriminatedUnion('type', [...flagBindingSchema.options, ...pluginBindingSchemas(plugins, 'featureFlags')])).default({}),
    deployments: z.record(z.string(), z.discriminatedUnion('type', [...deploymentBindingSchema.options, ...pluginBindingSchemas(plugins, 'deployments')])).default({}),
    configurations: z.record(z.string(), z.discriminatedUnion('type', [...configurationBindingSchema.options, ...pluginBindingSchemas(plugins, 'configurations')])).default({}),
    databases: z.record(z.string(), z.discriminatedUnion('type', [...databaseBindingSchema.options, ...pluginBindingSchemas(plugins, 'databases')])).default({}),
    traffic: z.record(z.string(), z.discriminatedUnion('type', [...trafficBindingSchema.options, ...pluginBindingSchemas(plugins, 'traffic')])).default({}),
  });
}

/** Without plugins. */
export const bindingsSchema = bindingsSchemaWith([]);

export type BindingsSchema = typeof bindingsSchema;
export type Bindings = z.infer<BindingsSchema>;
