import { checkSchema, isRecord, listOf, recordOf, validFields } from './check-schema.js';
import type { BelayPart } from './belay-part.js';
import { type PlanSchema, planSchemaWith, type WrittenPlan } from './plan-schema.js';
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

/** What plans look like, with the step types of plugins, and which problems are none. */
export interface PlanForm {
  readonly schema: PlanSchema;
  readonly overlook: (path: Path) => boolean;
}

export function planFormOf(belay: Pick<BelayPart, 'plugins' | 'knowsTypes'> | undefined): PlanForm {
  const types = (belay?.plugins ?? []).flatMap(({ parts }) => parts.filter(({ kind }) => kind === 'steps').map(({ name }) => name));
  const isStepType = (path: Path): boolean => path.at(-3) === 'steps' && path.at(-1) === 'type';
  return { schema: planSchemaWith(types), overlook: (path) => belay?.knowsTypes !== true && isStepType(path) };
}

/** The plans of one file of `plans/`: one plan, a list of plans, or `plans:` with a list. */
export function readPlans(document: YamlDocument, secrets: SecretReferences, form: PlanForm): { readonly plans: readonly PlanPart[]; readonly problems: readonly Problem[] } {
  const { data } = document;
  if (data === undefined) return { plans: [], problems: [document.problem([], 'the file is empty', { severity: 'warning' })] };
  const plans = placesOf(data).flatMap(({ written, path }): PlanPart[] => {
    if (!isRecord(written)) return [];
    return [{ document, path, secrets, written, fields: validFields(form.schema, written), value: form.schema.safeParse(written).data }];
  });
  return { plans, problems: secrets.shown(checkFile(document, data, form), data, (written) => checkFile(document, written, form)) };
}

function placesOf(data: unknown): readonly { readonly written: unknown; readonly path: Path }[] {
  if (Array.isArray(data)) return data.map((written: unknown, index) => ({ written, path: [index] }));
  if (!isListFile(data)) return [{ written: data, path: [] }];
  return listOf(recordOf(data)['plans']).map((written, index) => ({ written, path: ['plans', index] }));
}

function checkFile(document: YamlDocument, data: unknown, { schema, overlook }: PlanForm): readonly Problem[] {
  const others = isListFile(data) ? Object.keys(recordOf(data)).filter((key) => key !== 'plans') : [];
  return [
    ...(isListFile(data) && !Array.isArray(recordOf(data)['plans']) ? [document.problem(['plans'], '"plans" must be a list of plans')] : []),
    ...others.map((key) => document.problem([key], `unknown key "${key}"`, { atKey: true, hint: 'beside "plans" there is nothing else' })),
    ...placesOf(data).flatMap(({ written, path }) => checkSchema(schema, { document, path, data: written }, overlook).problems),
  ];
}

function isListFile(data: unknown): boolean {
  return Object.hasOwn(recordOf(data), 'plans');
}
