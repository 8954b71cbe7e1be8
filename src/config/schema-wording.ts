import type { z } from 'zod';
import { suggestion } from './closest-word.js';

type RawIssue = z.core.$ZodRawIssue;

/** Stands between a sentence and its hint, and between words of a list; a character that no one types. */
export const HINT = '\u{f0000}';

/**
 * What people read when a schema has no words of its own: a sentence without the key as its subject, and perhaps a
 * hint. For unknown keys: the known ones.
 */
export function schemaWording(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input);
    case 'unrecognized_keys':
      return knownKeys(issue.inst).join(HINT);
    case 'invalid_value':
      return notOneOf(issue.input, issue.values.map(String));
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue['options']) ? notOneOf(discriminated(issue), issue['options'].map(String)) : 'has none of the forms that are known here';
    case 'too_small':
      return tooSmall(issue.origin, issue.minimum, issue.inclusive ?? true);
    case 'too_big':
      return tooBig(issue.origin, issue.maximum, issue.inclusive ?? true);
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'is not a name';
    default:
      return 'is not well-formed';
  }
}

export const MISSING = 'is missing';
/** The generic words for a value that fits none of several forms. */
export const NO_FORM_FITS = 'has none of the forms that are known here';

function wrongType(expected: string, input: unknown): string {
  if (input === undefined) return MISSING;
  if (input === null) return 'is empty';
  const isScalar = typeof input === 'number' || typeof input === 'boolean';
  return `must be ${typeWords[expected] ?? expected}, not ${kindOf(input)}${expected === 'string' && isScalar ? `${HINT}write it in quotes, so that it stays as it is written` : ''}`;
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
};

/** What a value is, for people. */
function kindOf(input: unknown): string {
  if (input === null) return 'empty';
  if (Array.isArray(input)) return 'a list';
  switch (typeof input) {
    case 'string':
      return 'text';
    case 'number':
      return Number.isInteger(input) ? 'a whole number' : 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'a map';
  }
}

function notOneOf(input: unknown, known: readonly string[]): string {
  const [only] = known;
  const choice = known.length === 1 ? (only ?? '') : `one of ${known.join(', ')}`;
  if (input === undefined) return `${MISSING}${HINT}write ${choice}`;
  if (typeof input !== 'string') return `must be ${choice}, not ${typeof input === 'number' || typeof input === 'boolean' ? String(input) : kindOf(input)}`;
  const hint = suggestion(input, known, 'known');
  const words = `"${input}" is not ${choice}`;
  return hint?.startsWith('did') === true ? `${words}${HINT}${hint}` : words;
}

function discriminated(issue: RawIssue): unknown {
  const key: unknown = 'discriminator' in issue ? issue.discriminator : undefined;
  const { input } = issue;
  return typeof key === 'string' && typeof input === 'object' && input !== null && Object.hasOwn(input, key) ? (input as Record<string, unknown>)[key] : undefined;
}

function tooSmall(origin: string, minimum: number | bigint, inclusive: boolean): string {
  if (origin === 'string' && minimum === 1) return 'must not be empty';
  if (origin === 'array' && minimum === 1) return 'must have at least one entry';
  if (origin === 'array') return `must have ${minimum} entries`;
  return `must be ${inclusive ? 'at least' : 'more than'} ${minimum}`;
}

function tooBig(origin: string, maximum: number | bigint, inclusive: boolean): string {
  if (origin === 'string') return `must not be longer than ${maximum} characters`;
  if (origin === 'array') return `must not have more than ${maximum} entries`;
  return `must be ${inclusive ? 'at most' : 'less than'} ${maximum}`;
}

function knownKeys(schema: RawIssue['inst']): readonly string[] {
  const definition = schema?._zod.def;
  return definition !== undefined && 'shape' in definition ? Object.keys(definition.shape as object) : [];
}
