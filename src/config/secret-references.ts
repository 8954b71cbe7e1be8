import { BelayError } from '../fault/belay-error.js';
import type { Redactor } from '../secret/redactor.js';
import type { SecretReader } from '../secret/secret-reader.js';
import { type Path, pathText, type Problem } from './problem.js';
import { isOpenPlace } from './open-place.js';
import type { TextReader } from './read-yaml.js';

const REFERENCE = /\$\{(env|file):([^}]*)(\}?)/g;
const SHORTEST_HIDDEN = 4;

interface ReadText {
  readonly path: Path;
  readonly written: string;
  readonly values: readonly string[];
  readonly failed: boolean;
}

/**
 * Puts the secrets of one document in the place of their references, and tells them to the redactor. What is shown to
 * people is always what was written.
 */
export class SecretReferences {
  readonly #secrets: SecretReader;
  readonly #redactor: Redactor;
  readonly #texts = new Map<string, ReadText>();

  constructor(secrets: SecretReader, redactor: Redactor) {
    this.#secrets = secrets;
    this.#redactor = redactor;
  }

  readonly readText: TextReader = (written, path, report) => {
    const values: string[] = [];
    const failures: string[] = [];
    const read = written.replaceAll(REFERENCE, (reference, kind: 'env' | 'file', name: string, brace: string) => {
      const value = brace === '' ? { problem: `${reference.slice(0, 60)} has no closing brace` } : this.read(kind, name.trim());
      if (typeof value === 'string') {
        values.push(value);
        return value;
      }
      failures.push(value.problem);
      return reference;
    });
    for (const failure of failures) report(failure);
    if (isOpenPlace(path, read)) for (const value of values) this.#redactor.allow(value);
    if (values.length > 0 || failures.length > 0) this.#texts.set(pathText(path), { path, written, values, failed: failures.length > 0 });
    return read;
  };

  /** The value of one reference, or why it has none. */
  read(kind: 'env' | 'file', name: string): string | { readonly problem: string } {
    if (name === '') return { problem: `\${${kind}:} names nothing` };
    try {
      const value = kind === 'env' ? this.#secrets.readEnv(name) : this.#secrets.readFile(name);
      this.#redactor.add(value);
      return value;
    } catch (error) {
      // Only our own errors are known to hold no value.
      return { problem: error instanceof BelayError ? error.message : `\${${kind}:${name}} cannot be read` };
    }
  }

  /**
   * Problems as people may see them: where a secret was read, in the words that `check` has for what is written, since
   * no one can take every form of a value out of a sentence. What only follows from a reference without a value is
   * left out.
   */
  shown(problems: readonly Problem[], data: unknown, check: (written: unknown) => readonly Problem[]): readonly Problem[] {
    if (!problems.some(({ path }) => this.#texts.has(path))) return problems;
    const inWords = new Map(check(this.#asWritten(data, [])).map((problem) => [problem.path, problem]));
    return problems.flatMap((problem) => {
      const text = this.#texts.get(problem.path);
      if (text === undefined) return [problem];
      if (text.failed) return [];
      const { message, hint } = inWords.get(problem.path) ?? { message: `the value of ${text.written} does not fit here` };
      return [{ ...problem, message, hint }];
    });
  }

  #asWritten(data: unknown, path: Path): unknown {
    if (typeof data === 'string') return this.#texts.get(pathText(path))?.written ?? data;
    if (typeof data !== 'object' || data === null) return data;
    if (Array.isArray(data)) return data.map((item, index) => this.#asWritten(item, [...path, index]));
    return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, this.#asWritten(item, [...path, key])]));
  }

  /** What is written at a path, and whether a secret in it would be taken for a reference again. */
  at(path: Path): { readonly written: string; readonly holdsBraces: boolean } | undefined {
    const text = this.#texts.get(pathText(path));
    return text === undefined ? undefined : { written: text.written.replaceAll(REFERENCE, ''), holdsBraces: text.values.some((value) => value.includes('${')) };
  }

  /** The references whose values are too short to be blanked without garbling ordinary text. */
  get short(): readonly { readonly path: Path; readonly written: string }[] {
    return [...this.#texts.values()].filter(({ values }) => values.some((value) => value.length < SHORTEST_HIDDEN));
  }
}
