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
    featureFlags: z.record(z.string(), z.discriminatedUnion('type', [...flagBindingSchema.options, ...pluginBindingSchemas(plugins, 'featureFlags')]).meta({ title: 'feature flag provider' })).default({}).describe('How flags are switched. Steps that name no provider use `default`.'),
    deployments: z.record(z.string(), z.discriminatedUnion('type', [...deploymentBindingSchema.options, ...pluginBindingSchemas(plugins, 'deployments')]).meta({ title: 'deployment provider' })).default({}).describe('How versions of a service are deployed.'),
    configurations: z.record(z.string(), z.discriminatedUnion('type', [...configurationBindingSchema.options, ...pluginBindingSchemas(plugins, 'configurations')]).meta({ title: 'configuration provider' })).default({}).describe('How the configuration of a service is brought back.'),
    databases: z.record(z.string(), z.discriminatedUnion('type', [...databaseBindingSchema.options, ...pluginBindingSchemas(plugins, 'databases')]).meta({ title: 'database provider' })).default({}).describe('How the data of a database is brought back.'),
    traffic: z.record(z.string(), z.discriminatedUnion('type', [...trafficBindingSchema.options, ...pluginBindingSchemas(plugins, 'traffic')]).meta({ title: 'traffic provider' })).default({}).describe('How requests and work are held off.'),
  });
}

/** Without plugins. */
export const bindingsSchema = bindingsSchemaWith([]);

export type BindingsSchema = typeof bindingsSchema;
export type Bindings = z.infer<BindingsSchema>;
