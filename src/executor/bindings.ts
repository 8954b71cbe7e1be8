import { z } from 'zod';
import { configurationBindingSchema } from './configuration/configuration-bindings.js';
import { databaseBindingSchema } from './data/database-bindings.js';
import { deploymentBindingSchema } from './deployment/deployment-bindings.js';
import { flagBindingSchema } from './feature-flag/flag-bindings.js';
import { trafficBindingSchema } from './traffic/traffic-bindings.js';

/** The `featureFlags`, `deployments`, `configurations`, `databases` and `traffic` of belay.yaml: by name, how a step's effect is made. */
export const bindingsSchema = z.strictObject({
  featureFlags: z.record(z.string(), flagBindingSchema).default({}),
  deployments: z.record(z.string(), deploymentBindingSchema).default({}),
  configurations: z.record(z.string(), configurationBindingSchema).default({}),
  databases: z.record(z.string(), databaseBindingSchema).default({}),
  traffic: z.record(z.string(), trafficBindingSchema).default({}),
});

export type Bindings = z.infer<typeof bindingsSchema>;
