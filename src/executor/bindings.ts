import { z } from 'zod';
import { argumentList, commandSurroundings, plainText } from './command-line.js';
import { httpCallSchema, httpReadSchema } from './http-call.js';

const path = plainText.min(1);
const sqlName = plainText.regex(/^[^"\s]+$/, 'must be the plain name of a table (with its schema before a dot) or a column');
const sqlWord = z.union([z.string(), z.number(), z.boolean()]);

const fileFlags = z.strictObject({ type: z.literal('file'), path });
const sqlFlags = z.strictObject({
  type: z.literal('sql'),
  url: z.string().regex(/^(?:sqlite:.|postgres(?:ql)?:\/\/)/, 'must be sqlite:PATH or postgres://…'),
  table: sqlName.default('feature_flags'),
  keyColumn: sqlName.default('key'),
  valueColumn: sqlName.default('enabled'),
  /** What stands in the value column; without them the database's own booleans (SQLite: 1 and 0). */
  on: sqlWord.optional(),
  off: sqlWord.optional(),
});
const httpFlags = z.strictObject({ type: z.literal('http'), set: httpCallSchema, get: httpReadSchema });
const commandFlags = z.strictObject({ type: z.literal('command'), set: argumentList, get: argumentList, ...commandSurroundings });

const httpDeployment = z.strictObject({ type: z.literal('http'), deploy: httpCallSchema, current: httpReadSchema });
const commandDeployment = z.strictObject({ type: z.literal('command'), deploy: argumentList, current: argumentList, ...commandSurroundings });

/** `reload` runs after the files have changed, in `cwd`. */
const reloading = { reload: argumentList.optional(), ...commandSurroundings };
const itemFormat = z.enum(['yaml', 'json', 'env']).optional();
const gitConfiguration = z.strictObject({
  type: z.literal('git'),
  repo: path,
  /** What is brought back, relative to the repository. */
  paths: z.array(path).min(1),
  /** Where `configItems` are set: one file of the repository. Without it the binding takes `configVersion` only. */
  itemsFile: z.strictObject({ path, format: itemFormat }).optional(),
  /** The branch that must be checked out; without it, whichever is. */
  branch: path.optional(),
  push: z.boolean().default(false),
  remote: path.default('origin'),
  ...reloading,
});
/** `format` is known by the file's name where it is not said: .yaml, .yml, .json, .env. */
const fileConfiguration = z.strictObject({ type: z.literal('file'), path, format: itemFormat, ...reloading });
const commandConfiguration = z.strictObject({ type: z.literal('command'), apply: argumentList, current: argumentList, ...commandSurroundings });

const commandDatabase = z.strictObject({ type: z.literal('command'), restore: argumentList, verify: argumentList, ...commandSurroundings });

const flagBindingSchema = z.discriminatedUnion('type', [fileFlags, sqlFlags, httpFlags, commandFlags]);
const deploymentBindingSchema = z.discriminatedUnion('type', [httpDeployment, commandDeployment]);
const configurationBindingSchema = z.discriminatedUnion('type', [gitConfiguration, fileConfiguration, commandConfiguration]);
const databaseBindingSchema = z.discriminatedUnion('type', [commandDatabase]);

/** The `featureFlags`, `deployments`, `configurations` and `databases` of belay.yaml: by name, how a step's effect is made. */
export const bindingsSchema = z.strictObject({
  featureFlags: z.record(z.string(), flagBindingSchema).default({}),
  deployments: z.record(z.string(), deploymentBindingSchema).default({}),
  configurations: z.record(z.string(), configurationBindingSchema).default({}),
  databases: z.record(z.string(), databaseBindingSchema).default({}),
});

export type FlagBinding = z.infer<typeof flagBindingSchema>;
export type DeploymentBinding = z.infer<typeof deploymentBindingSchema>;
export type ConfigurationBinding = z.infer<typeof configurationBindingSchema>;
export type Bindings = z.infer<typeof bindingsSchema>;
