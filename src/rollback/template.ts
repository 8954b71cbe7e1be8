import { errorText } from '../fault/belay-error.js';
import type { SecretReader } from '../secret/secret-reader.js';
import type { RollbackContext } from './rollback-plan.js';
import { urlPart } from './url-part.js';
import { isSecret, readSecret, rootOf, staticProblem, type TemplateRoot, unreachableKeys } from './template-reference.js';
import { escapeDollars, formatTemplate, parseTemplate, type TemplatePiece, UnclosedReference } from './template-text.js';

const MOST_NAMES_SHOWN = 20;

/** One reference in a step's parameters. */
export interface TemplateReference {
  /** Where it stands: `parameters.details.recipients[0]`. */
  readonly path: string;
  /** As written between the braces. */
  readonly reference: string;
  /** `undefined` when it begins with nothing known. */
  readonly root: TemplateRoot | undefined;
  /** What is wrong with it whatever the context holds, in words; absent when it may resolve. */
  readonly problem?: string;
}

/** A reference that has no value, and where it stands. */
export interface TemplateProblem {
  readonly path: string;
  readonly reference: string;
  readonly message: string;
}

/** Every reference of a step's parameters, for a check before anything runs. */
export function templateReferences(parameters: unknown): readonly TemplateReference[] {
  const found: TemplateReference[] = [];
  mapTexts(parameters, 'parameters', (text, path) => {
    try {
      for (const piece of parseTemplate(text)) {
        if (piece.type === 'reference') found.push(describeReference(piece.reference, path));
      }
    } catch (error) {
      if (!(error instanceof UnclosedReference)) throw error;
      found.push({ path, reference: error.message, root: undefined, problem: unclosedWords });
    }
    return text;
  });
  return found;
}

/**
 * Fills what the context knows. The result is a template in which only secrets are left, so text that was inserted is
 * never read as a reference; `fillSecrets` makes the final parameters of it. Absent `triggeredBy` is the empty string; a
 * text that is one whole reference keeps the type of its value; objects inside a longer text are written as JSON. Where
 * `isUrl` says so of a path, each value becomes one encoded part of a URL.
 */
export function fillContext<T>(parameters: T, context: RollbackContext, isUrl: (path: string) => boolean = () => false): { readonly parameters: T; readonly problems: readonly TemplateProblem[] } {
  const scope = scopeOf(context);
  const problems: TemplateProblem[] = [];

  const filled = mapTexts(parameters, 'parameters', (text, path) => {
    const resolve = (reference: string): unknown => {
      const resolution = isUrl(path) ? asUrlPart(lookUp(scope, reference)) : lookUp(scope, reference);
      if ('value' in resolution) return resolution.value;
      problems.push({ path, reference, message: `${path}: \${${reference}} ${resolution.problem}` });
      return '';
    };
    try {
      const pieces = parseTemplate(text);
      const [only] = pieces;
      if (only?.type === 'reference' && pieces.length === 1 && !isSecret(only.reference)) {
        return mapTexts(resolve(only.reference), path, escapeDollars);
      }
      return formatTemplate(
        pieces.map((piece): TemplatePiece => {
          const inserted = piece.type === 'reference' && !isSecret(piece.reference);
          return inserted ? { type: 'text', text: asText(resolve(piece.reference)) } : piece;
        }),
      );
    } catch (error) {
      if (!(error instanceof UnclosedReference)) throw error;
      problems.push({ path, reference: error.message, message: `${path}: ${error.message} ${unclosedWords}` });
      return text;
    }
  });
  return { parameters: filled as T, problems };
}

/** The parameters that an executor gets. `onSecret` hears each value, so that it can be blanked wherever it turns up. Throws what the reader throws. */
export function fillSecrets<T>(parameters: T, secrets: SecretReader, onSecret: (value: string) => void): T {
  const filled = mapTexts(parameters, 'parameters', (text) =>
    parseTemplate(text)
      .map((piece) => {
        if (piece.type === 'text') return piece.text;
        const value = readSecret(piece.reference, secrets);
        onSecret(value);
        return value;
      })
      .join(''),
  );
  return filled as T;
}

/** The secrets of filled parameters that cannot be read now. */
export function unreadableSecrets(parameters: unknown, secrets: SecretReader): readonly TemplateProblem[] {
  return templateReferences(parameters).flatMap(({ path, reference }) => {
    try {
      readSecret(reference, secrets);
      return [];
    } catch (error) {
      return [{ path, reference, message: `${path}: ${errorText(error)}` }];
    }
  });
}

const unclosedWords = 'has no closing brace; write $${ where the text ${ itself is meant';

function describeReference(reference: string, path: string): TemplateReference {
  const root = rootOf(reference);
  const problem = staticProblem(reference);
  return { path, reference, root, ...(problem === undefined ? {} : { problem }) };
}

function scopeOf(context: RollbackContext): Record<string, unknown> {
  // Code without types may leave out what is empty.
  const { environment, trigger, triggeredBy = '', metadata = {} } = context as Partial<RollbackContext>;
  const part = (name: 'labels' | 'rollbackPoint'): object => (Object.hasOwn(metadata, name) ? { [name]: metadata[name] as unknown } : {});
  return { context: { environment, trigger, triggeredBy, metadata }, ...part('labels'), ...part('rollbackPoint') };
}

type Resolution = { readonly value: unknown } | { readonly problem: string };

function asUrlPart(resolution: Resolution): Resolution {
  if ('problem' in resolution) return resolution;
  const part = urlPart(asText(resolution.value));
  return part === undefined ? { problem: `is ${JSON.stringify(resolution.value)}, which cannot be a part of a URL` } : { value: part };
}

/** Walks own properties only, so nothing that a prototype brings can be reached. */
function lookUp(scope: Record<string, unknown>, reference: string): Resolution {
  const problem = staticProblem(reference);
  if (problem !== undefined) return { problem };
  let value: unknown = scope;
  let walked = '';
  for (const key of reference.split('.')) {
    const names = namesIn(value);
    if (!names.includes(key)) {
      if (walked === 'rollbackPoint.' && names.length === 0) return { problem: `cannot be resolved: nothing of ${targetIn(scope)} is known to be good yet; say what is: belay mark good --target ${targetIn(scope)} --version VERSION` };
      const shown = names.slice(0, MOST_NAMES_SHOWN).map((name) => `${walked}${name}`);
      const more = names.length > shown.length ? ', …' : '';
      return { problem: `cannot be resolved (available: ${shown.length === 0 ? `nothing under ${walked.slice(0, -1)}` : shown.join(', ') + more})` };
    }
    value = (value as Record<string, unknown>)[key];
    walked += `${key}.`;
  }
  return { value };
}

function targetIn({ context }: Record<string, unknown>): string {
  const target = (context as { metadata?: { target?: unknown } } | undefined)?.metadata?.target;
  return typeof target === 'string' ? target : 'TARGET';
}

function namesIn(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value).filter((name) => !unreachableKeys.has(name)) : [];
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** A copy with every text replaced; names of properties are left as they are. */
function mapTexts(value: unknown, path: string, replace: (text: string, path: string) => unknown): unknown {
  if (typeof value === 'string') return replace(value, path);
  if (Array.isArray(value)) return value.map((item, index) => mapTexts(item, `${path}[${index}]`, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, `${path}.${key}`, replace)]));
}
