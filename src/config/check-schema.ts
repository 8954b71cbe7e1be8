import type { z } from 'zod';
import { suggestion } from './closest-word.js';
import type { Path, Problem } from './problem.js';
import { HINT, MISSING, NO_FORM_FITS, schemaWording } from './schema-wording.js';
import type { YamlDocument } from './yaml-document.js';

/** A part of a document: where it is and what is written there. */
export interface Part {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly data: unknown;
}

export type Checked<T> = { readonly value: T; readonly problems: readonly [] } | { readonly value?: undefined; readonly problems: readonly Problem[] };

/** What a schema makes of a part of a document, or every problem that it has with it, but for those at paths to `overlook`. */
export function checkSchema<S extends z.ZodType>(schema: S, { document, path, data }: Part, overlook: (path: Path) => boolean = () => false): Checked<z.output<S>> {
  const result = schema.safeParse(data, { error: schemaWording });
  if (result.success) return { value: result.data, problems: [] };
  const issues = result.error.issues.flatMap(plainIssues).filter((issue) => !overlook([...path, ...keysOf(issue)]));
  return { problems: issues.flatMap((issue) => problemsOf(issue, document, path)) };
}

/** The fields that are well, whatever the others are, so that checks across files need not wait until all is well. */
export function validFields<S extends z.ZodObject>(schema: S, data: unknown): Partial<z.output<S>> {
  const written = recordOf(data);
  const fields = Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([key, field]) => {
    const result = field.safeParse(written[key]);
    return result.success && result.data !== undefined ? [[key, result.data] as const] : [];
  });
  return Object.fromEntries(fields) as Partial<z.output<S>>;
}

/** A map as it is written; empty for anything else. */
export function recordOf(data: unknown): Readonly<Record<string, unknown>> {
  return isRecord(data) ? data : {};
}

export function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** A list as it is written; empty for anything else. */
export function listOf(data: unknown): readonly unknown[] {
  return Array.isArray(data) ? data : [];
}

type Issue = z.core.$ZodIssue;

/** Of a union, the issues of the one form that the value has; the union's own words where it has none of them, or several. */
function plainIssues(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const inForm = issue.errors.filter((issues) => !issues.some(({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')));
  const [form] = inForm;
  if (form === undefined || inForm.length > 1) return [issue.message === NO_FORM_FITS ? firstWords(issue) : issue];
  return form.flatMap(plainIssues).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function firstWords(issue: z.core.$ZodIssueInvalidUnion): Issue {
  const words = new Set(issue.errors.flatMap((issues) => issues.filter(({ path }) => path.length === 0).map(({ message }) => message)));
  return { ...issue, message: [...words].join(', or ') || issue.message };
}

function problemsOf(issue: Issue, document: YamlDocument, base: Path): readonly Problem[] {
  const path = [...base, ...keysOf(issue)];
  const [words = '', ...hints] = issue.message.split(HINT);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(document, [...path, key], key, issue.message.split(HINT)));
  if (words !== MISSING && !isThere(document.data, path)) return [document.problem(path, withSubject(MISSING, path), { hint: words })];
  return [document.problem(path, withSubject(words, path), { hint: hints.length === 0 ? undefined : hints.join(' '), atKey: issue.code === 'invalid_key' })];
}

function unknownKey(document: YamlDocument, path: Path, key: string, known: readonly string[]): Problem {
  return document.problem(path, `unknown key "${key}"`, { atKey: true, hint: suggestion(key, known, 'known here') });
}

/** Words without a subject of their own get the key as one. */
function withSubject(words: string, path: Path): string {
  const key = path.at(-1);
  const subject = key === undefined ? 'the file' : typeof key === 'number' ? `entry ${key + 1}` : `"${key}"`;
  if (/^(?:must|is|needs?|has|cannot)\b/.test(words)) return `${subject} ${words}`;
  return words.startsWith('write ') ? `${subject}: ${words}` : words;
}

function keysOf({ path }: Issue): Path {
  return path.filter((key) => typeof key !== 'symbol');
}

function isThere(data: unknown, path: Path): boolean {
  return path.every((key) => {
    if (typeof data !== 'object' || data === null || !Object.hasOwn(data, key)) return false;
    data = (data as Record<string | number, unknown>)[key];
    return true;
  });
}
