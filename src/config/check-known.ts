import type { Named } from './belay-part.js';
import { suggestion } from './closest-word.js';
import type { Path, Problem } from './problem.js';
import type { YamlDocument } from './yaml-document.js';

/** A name must be one of those declared. Nothing is said of what is no text, or where nobody knows what is declared. */
export function checkKnown(document: YamlDocument, path: Path, name: unknown, known: Named<unknown> | undefined, what: string, where: string): readonly Problem[] {
  if (typeof name !== 'string' || known === undefined || known.has(name)) return [];
  const names = [...known.keys()];
  const hint = names.length === 0 ? `there is none in ${where}` : suggestion(name, names, 'known');
  return [document.problem(path, `there is no ${what} "${name}"`, { hint })];
}
