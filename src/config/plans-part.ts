import { checkSchema, isRecord, listOf, recordOf, validFields } from './check-schema.js';
import type { PlanSchema, WrittenPlan } from './plan-schema.js';
import type { Path, Problem } from './problem.js';
import type { SecretReferences } from './secret-references.js';
import type { YamlDocument } from './yaml-document.js';

/** A plan as it is written, and those of its fields that are well. */
export interface PlanPart {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly secrets: SecretReferences;
  readonly written: Readonly<Record<string, unknown>>;
  readonly fields: Partial<WrittenPlan>;
  /** When all of it is well. */
  readonly value?: WrittenPlan | undefined;
}

/** The plans of one file of `plans/`: one plan, a list of plans, or `plans:` with a list. */
export function readPlans(document: YamlDocument, secrets: SecretReferences, planSchema: PlanSchema, overlook: (path: Path) => boolean = () => false): { readonly plans: readonly PlanPart[]; readonly problems: readonly Problem[] } {
  const { data } = document;
  if (data === undefined) return { plans: [], problems: [document.problem([], 'the file is empty', { severity: 'warning' })] };
  const plans = placesOf(data).flatMap(({ written, path }): PlanPart[] => {
    if (!isRecord(written)) return [];
    return [{ document, path, secrets, written, fields: validFields(planSchema, written), value: planSchema.safeParse(written).data }];
  });
  return { plans, problems: secrets.shown(checkFile(document, data, planSchema, overlook), data, (written) => checkFile(document, written, planSchema, overlook)) };
}

function placesOf(data: unknown): readonly { readonly written: unknown; readonly path: Path }[] {
  if (Array.isArray(data)) return data.map((written: unknown, index) => ({ written, path: [index] }));
  if (!isListFile(data)) return [{ written: data, path: [] }];
  return listOf(recordOf(data)['plans']).map((written, index) => ({ written, path: ['plans', index] }));
}

function checkFile(document: YamlDocument, data: unknown, planSchema: PlanSchema, overlook: (path: Path) => boolean): readonly Problem[] {
  const others = isListFile(data) ? Object.keys(recordOf(data)).filter((key) => key !== 'plans') : [];
  return [
    ...(isListFile(data) && !Array.isArray(recordOf(data)['plans']) ? [document.problem(['plans'], '"plans" must be a list of plans')] : []),
    ...others.map((key) => document.problem([key], `unknown key "${key}"`, { atKey: true, hint: 'beside "plans" there is nothing else' })),
    ...placesOf(data).flatMap(({ written, path }) => checkSchema(planSchema, { document, path, data: written }, overlook).problems),
  ];
}

function isListFile(data: unknown): boolean {
  return Object.hasOwn(recordOf(data), 'plans');
}
