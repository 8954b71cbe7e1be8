import type { z } from 'zod';
import { type Bindings, bindingsSchemaWith } from '../executor/bindings.js';
import type { PluginManifest } from '../executor/plugin/plugin-manifest.js';
import type { LoadedPlugins } from './load-plugins.js';
import { approvalSchema, type BelayFile, belaySchemaWith, personSchema, sourceSchema, targetSchema, type WrittenPerson, type WrittenSource, type WrittenTarget } from './belay-schema.js';
import { type Checked, checkSchema, isRecord, recordOf } from './check-schema.js';
import { matrixSchema, type WrittenMatrixRow } from './matrix-schema.js';
import type { Problem } from './problem.js';
import type { SecretReferences } from './secret-references.js';
import type { YamlDocument } from './yaml-document.js';

/** What is declared under names; `undefined` where a name is there but what it stands for has problems. */
export type Named<T> = ReadonlyMap<string, T | undefined>;

/** belay.yaml as the other files may rely on it, whatever else is wrong in it. */
export interface BelayPart {
  readonly document: YamlDocument;
  readonly secrets: SecretReferences;
  readonly plugins: readonly PluginManifest[];
  /** False where a plugin could not be loaded, so that nobody knows which types there are. */
  readonly knowsTypes: boolean;
  /** The whole file, when all of it is well. */
  readonly value?: BelayFile | undefined;
  /** Absent, as any of these, where the section is no map at all, so that nobody knows what it declares. */
  readonly targets: Named<WrittenTarget> | undefined;
  readonly sources: Named<WrittenSource> | undefined;
  readonly bindings: { readonly [K in keyof Bindings]: Named<Bindings[K][string]> | undefined };
  readonly channels: readonly string[];
  /** The rows of the decision matrix; empty where there is none, and `undefined` where one of them is not well. */
  readonly matrix: readonly WrittenMatrixRow[] | undefined;
  readonly people: Named<WrittenPerson> | undefined;
  /** Of `policy.approvals`. */
  readonly approvals: Named<z.output<typeof approvalSchema>> | undefined;
}

/** Reads the document of belay.yaml, in which the secrets have taken the place of their references. */
export function readBelay(document: YamlDocument, secrets: SecretReferences, { plugins, isComplete }: Pick<LoadedPlugins, 'plugins' | 'isComplete'>): { readonly belay: BelayPart; readonly problems: readonly Problem[] } {
  const bindingsSchema = bindingsSchemaWith(plugins);
  const belaySchema = belaySchemaWith(bindingsSchema);
  const check = (data: unknown): Checked<BelayFile> => checkSchema(belaySchema, { document, path: [], data }, ([section, , key, ...more]) => !isComplete && key === 'type' && more.length === 0 && String(section) in bindingsSchema.shape);
  const checked = check(document.data);
  // Of a file that is no map nobody knows what it declares.
  const file = isRecord(document.data) ? document.data : undefined;
  const section = (key: string): unknown => (file === undefined ? undefined : (file[key] ?? {}));
  const belay: BelayPart = {
    document,
    secrets,
    plugins,
    knowsTypes: isComplete,
    value: checked.value,
    targets: named(file?.['targets'], targetSchema),
    sources: named(section('sources'), sourceSchema),
    bindings: {
      featureFlags: named(section('featureFlags'), bindingsSchema.shape.featureFlags.unwrap().valueType),
      deployments: named(section('deployments'), bindingsSchema.shape.deployments.unwrap().valueType),
      configurations: named(section('configurations'), bindingsSchema.shape.configurations.unwrap().valueType),
      databases: named(section('databases'), bindingsSchema.shape.databases.unwrap().valueType),
      traffic: named(section('traffic'), bindingsSchema.shape.traffic.unwrap().valueType),
    },
    matrix: matrixSchema.default([]).safeParse(recordOf(file?.['policy'])['matrix']).data,
    channels: Object.keys(recordOf(file?.['notify'])),
    people: named(section('people'), personSchema),
    approvals: named(file === undefined ? undefined : (recordOf(file['policy'])['approvals'] ?? {}), approvalSchema),
  };
  return { belay, problems: secrets.shown(checked.problems, document.data, (written) => check(written).problems) };
}

function named<S extends z.ZodType>(section: unknown, schema: S): Named<z.output<S>> | undefined {
  if (!isRecord(section)) return undefined;
  return new Map(Object.entries(section).map(([name, entry]) => [name, schema.safeParse(entry).data]));
}
