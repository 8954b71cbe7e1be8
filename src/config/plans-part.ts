import { checkSchema, listOf, recordOf, validFields } from './check-schema.js';
import { planSchema, type WrittenPlan } from './plan-schema.js';
import type { Path, Problem } from './problem.js';
import { suggestion } from './closest-word.js';
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
export function readPlans(document: YamlDocument, secrets: SecretReferences): { readonly plans: readonly PlanPart[]; readonly problems: readonly Problem[] } {
  const { data } = document;
  if (data === undefined) return { plans: [], problems: [document.problem([], 'the file is empty', { severity: 'warning' })] };
  const read = (written: unknown, path: Path): { plan: PlanPart; problems: readonly Problem[] } => {
    const { value, problems } = checkSchema(planSchema, { document, path, data: written });
    const plan = { document, path, secrets, written: recordOf(written), fields: validFields(planSchema, written), value };
    return { plan, problems: problems.flatMap((problem) => secrets.shown(problem) ?? []) };
  };
  if (!Array.isArray(data) && !isListFile(data)) {
    const { plan, problems } = read(data, []);
    return { plans: [plan], problems };
  }
  const base = Array.isArray(data) ? [] : ['plans'];
  const list = Array.isArray(data) ? data : recordOf(data)['plans'];
  const plans = listOf(list).map((written, index) => read(written, [...base, index]));
  const others = Object.keys(recordOf(data)).filter((key) => key !== 'plans');
  return {
    plans: plans.map(({ plan }) => plan),
    problems: [
      ...(Array.isArray(list) ? [] : [document.problem(base, '"plans" must be a list of plans')]),
      ...others.map((key) => document.problem([key], `unknown key "${key}"`, { atKey: true, hint: suggestion(key, ['plans'], 'beside "plans" there is nothing else; known here') })),
      ...plans.flatMap(({ problems }) => problems),
    ],
  };
}

function isListFile(data: unknown): boolean {
  return Object.hasOwn(recordOf(data), 'plans');
}
