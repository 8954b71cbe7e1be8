import { templateReferences } from '../executor/calls/template.js';
import { fetchReferences } from '../executor/data/backup/backup-place.js';
import { stepParameterSchemas } from '../executor/step-parameters.js';
import type { BelayPart } from './belay-part.js';
import { suggestion } from './closest-word.js';
import type { Path, Problem } from './problem.js';
import { textsIn } from './texts-in.js';

export const BINDING_KINDS = ['featureFlags', 'deployments', 'configurations', 'databases', 'traffic'] as const;
export type BindingKind = (typeof BINDING_KINDS)[number];

/** The steps that each kind of binding serves, and so what its templates may refer to. */
const stepTypeOf = { featureFlags: 'feature-flag', deployments: 'deployment', configurations: 'configuration', databases: 'data', traffic: 'traffic' } as const;

/** The references of a kind's bindings: each must be a parameter of its steps. */
export function checkBindingTemplates({ document, secrets, bindings }: BelayPart, kind: BindingKind): readonly Problem[] {
  const ofStep = [...Object.keys(stepParameterSchemas[stepTypeOf[kind]].shape), 'environment'];
  return [...(bindings[kind] ?? [])].flatMap(([name, binding]) =>
    textsIn(binding === undefined ? undefined : (document.data as Record<string, Record<string, unknown>>)[kind]?.[name], [kind, name]).flatMap(({ text, path }) => {
      const secret = secrets.at(path);
      if (binding?.type === 'plugin') return (secret?.written ?? text).includes('${') ? [document.problem(path, 'the settings of a plugin are taken as they are, so they cannot hold a reference', { hint: 'the plugin gets the parameters of the step beside them' })] : [];
      if (secret?.holdsBraces === true) return [document.problem(path, 'the secret holds "${", which would be taken for a reference here')];
      const known = [...new Set(path.includes('backups') ? fetchReferences : path.includes('undo') ? [...ofStep, 'captured'] : ofStep)];
      // A value with a quotation mark would break out of its place in text that is to be JSON.
      const isPartOfBody = path.at(-1) === 'body' && templateReferences(text).length > 0 && !/^\$\{[^}]*\}$/.test(text);
      if (isPartOfBody) return [document.problem(path, 'values would be put into the middle of a text here, whatever they hold', { hint: 'write the body with its keys, so that values are put in as JSON' })];
      return checkReferences(document, path, secret?.written ?? text, known);
    }),
  );
}

function checkReferences(document: BelayPart['document'], path: Path, text: string, known: readonly string[]): readonly Problem[] {
  return templateReferences(text)
    .filter((reference) => !known.includes(reference))
    .map((reference) => document.problem(path, `\${${reference}} is not a parameter of the step`, { hint: suggestion(reference, known, 'known here') }));
}
