import type { RollbackStep } from '../rollback/rollback-plan.js';
import type { Bindings } from './bindings.js';
import { fetchReferences } from './data/backup/backup-place.js';
import { templateReferences } from './calls/template.js';
import { ownBinding } from './plugin/plugin-manifest.js';
import { unfitConfigurationWish, unfitFlagWish } from './unfit-wish.js';

/** Something wrong at a place: keys and indexes from the top of what was checked. */
export interface BindingProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Kind = keyof Bindings;

/** What the templates of each kind of binding may refer to; every one of them knows the environment. */
const referencesOf: Readonly<Record<Kind, readonly string[]>> = {
  featureFlags: ['flagKey', 'targetState', 'scope', 'segment', 'environment'],
  deployments: ['service', 'version', 'environment'],
  configurations: ['service', 'configVersion', 'configItems', 'environment'],
  databases: ['database', 'snapshotId', 'tables', 'migration', 'environment'],
  traffic: ['service', 'maintenance', 'endpoints', 'replicas', 'worker', 'incident', 'environment'],
};

/** Which part of the bindings a step type needs, and the parameter that names the entry. */
const needOf: Readonly<Record<string, { readonly kind: Kind; readonly parameter: string; readonly fallback?: string }>> = {
  'feature-flag': { kind: 'featureFlags', parameter: 'provider', fallback: 'default' },
  deployment: { kind: 'deployments', parameter: 'service' },
  configuration: { kind: 'configurations', parameter: 'service' },
  data: { kind: 'databases', parameter: 'database' },
  traffic: { kind: 'traffic', parameter: 'service' },
};

/** Every reference in the bindings that no step could fill. Paths start at the bindings: `['deployments', 'frontend', 'deploy', 1]`. */
export function bindingProblems(bindings: Bindings): BindingProblem[] {
  return (Object.keys(referencesOf) as Kind[]).flatMap((kind) =>
    Object.entries(bindings[kind]).flatMap(([name, binding]) => {
      const known = referencesOf[kind];
      return referencesIn(binding).flatMap(({ path, reference }): BindingProblem[] => {
        const place = [kind, name, ...path];
        if (isOfFetch(path)) return (fetchReferences as readonly string[]).includes(reference) ? [] : [{ path: place, message: `\${${reference}} is not known here: ${fetchReferences.map((word) => `\${${word}}`).join(', ')} are` }];
        if (path[0] === 'undo' && reference === 'captured') return [];
        if (!known.includes(reference)) return [{ path: place, message: `\${${reference}} is not known here: ${known.map((word) => `\${${word}}`).join(', ')} are` }];
        // A value with a quotation mark would break out of its place in text that is to be JSON.
        if (path.at(-1) === 'body') return [{ path: place, message: 'write the body with its keys instead of as one text, so that values are put in as JSON' }];
        return [];
      });
    }),
  );
}

/**
 * What keeps a step from being run with these bindings: an entry that is missing, a parameter that the entry's templates
 * need and the step does not give, a wish that the entry cannot fulfil. Paths start at the step: `['parameters', 'service']`.
 */
export function stepBindingProblems(step: RollbackStep, bindings: Bindings): BindingProblem[] {
  const need = needOf[step.type];
  if (need === undefined) return [];
  const name: unknown = step.parameters[need.parameter] ?? need.fallback;
  // A missing name is a problem of the parameters, and one with a template is known only when it runs.
  if (typeof name !== 'string' || templateReferences(name).length > 0) return [];
  const entries: Readonly<Record<string, unknown>> = bindings[need.kind];
  if (!Object.hasOwn(entries, name)) {
    const known = Object.keys(entries);
    const path = step.parameters[need.parameter] === undefined ? ['parameters'] : ['parameters', need.parameter];
    return [{ path, message: `${need.kind} in belay.yaml has no entry "${name}"${known.length === 0 ? '' : `; it has ${known.join(', ')}`}` }];
  }
  const missing = new Set(referencesIn(entries[name]).filter(({ path }) => !isOfFetch(path)).map(({ reference }) => reference).filter((reference) => !['environment', 'captured'].includes(reference) && step.parameters[reference] === undefined));
  const problems: BindingProblem[] = [...missing].map((reference) => ({ path: ['parameters'], message: `${need.kind} "${name}" needs ${reference}, which this step does not give` }));
  return [...problems, ...unfitWishes(step, bindings, name)];
}

/** What fetches a backup is told which one; it has no step's parameters. */
function isOfFetch(path: readonly (string | number)[]): boolean {
  return path[0] === 'backups';
}

function unfitWishes({ type, parameters }: RollbackStep, bindings: Bindings, name: string): BindingProblem[] {
  const flags = type === 'feature-flag' ? ownBinding(bindings.featureFlags[name]) : undefined;
  const configuration = type === 'configuration' ? ownBinding(bindings.configurations[name]) : undefined;
  const wish = (flags && unfitFlagWish(parameters, flags)) ?? (configuration && unfitConfigurationWish(parameters, configuration));
  return wish === undefined ? [] : [{ path: ['parameters', wish.parameter], message: wish.hint === undefined ? wish.message : `${wish.message}: ${wish.hint}` }];
}

function referencesIn(data: unknown, path: readonly (string | number)[] = []): { path: readonly (string | number)[]; reference: string }[] {
  if (typeof data === 'string') return templateReferences(data).map((reference) => ({ path, reference }));
  if (Array.isArray(data)) return data.flatMap((item: unknown, index) => referencesIn(item, [...path, index]));
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([key, item]) => referencesIn(item, [...path, key]));
}
