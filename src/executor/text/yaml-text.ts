import { isDeepStrictEqual } from 'node:util';
import { isAlias, isMap, isNode, isScalar, parseDocument, stringify, type Document, type Node, type Pair } from 'yaml';
import { BelayError, errorText } from '../../fault/belay-error.js';

/** Reads one YAML document. Throws `provider-refused` with the place of the first fault. */
export function parseYaml(text: string, file: string): Document {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) throw new BelayError('provider-refused', `${file}: ${problem.message}`);
  return document;
}

/** The plain value at a path; `undefined` when there is none. */
export function plainAt(document: Document, path: readonly string[]): unknown {
  const node: unknown = document.getIn(path, true);
  return isNode(node) ? (node.toJS(document) as unknown) : node;
}

/**
 * Sets one value in YAML text. Where one simple value takes the place of another, every other character stays; otherwise
 * comments and order stay, and blanks may change. Throws `provider-refused` where the path leads through something else
 * than a mapping or a list.
 */
export function setInYaml(text: string, path: readonly string[], value: unknown, file: string): string {
  const document = parseYaml(text, file);
  if (path.some((_key, depth) => isAlias(document.getIn(path.slice(0, depth + 1), true)))) {
    throw new BelayError('provider-refused', `${file}: ${path.join('.')} is an alias of another place; set it there`);
  }
  const candidates = spliced(text, document, path, value);
  try {
    document.setIn(path, typeof value === 'object' && value !== null ? document.createNode(value) : value);
    const rewritten = document.toString({ lineWidth: 0 });
    // What stands around a value decides what it may look like: a text is taken only if it means the same.
    return candidates.find((candidate) => means(candidate, document)) ?? rewritten;
  } catch (error) {
    throw new BelayError('provider-refused', `${file}: ${path.join('.')} cannot be set: ${errorText(error)}`, { cause: error });
  }
}

/** Takes one entry out. Where it stands on lines of its own, every other character stays; otherwise comments and order stay. */
export function removeFromYaml(text: string, path: readonly string[], file: string): string {
  const document = parseYaml(text, file);
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1)) : undefined;
  if (pair === undefined) return text;
  const cut = withoutLines(text, pair);
  document.deleteIn(path);
  return means(cut, document) ? cut : document.toString({ lineWidth: 0 });
}

function withoutLines(text: string, { key, value }: Pair): string {
  const start = (key as Node).range?.[0] ?? 0;
  const end = (value as Node | null)?.range?.[1] ?? (key as Node).range?.[1] ?? start;
  const lineEnd = text.indexOf('\n', Math.max(end - 1, start));
  return text.slice(0, text.lastIndexOf('\n', start) + 1) + (lineEnd < 0 ? '' : text.slice(lineEnd + 1));
}

/** The text with the new value where the old one stood, quoted as it was or with quotation marks; none where either is more than a simple value. */
function spliced(text: string, document: Document, path: readonly string[], value: unknown): string[] {
  const node: unknown = document.getIn(path, true);
  if (!isScalar(node) || node.range === undefined || node.range === null || (typeof value === 'object' && value !== null)) return [];
  const [start, end] = node.range;
  const asBefore = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? node.type : 'PLAIN';
  return ([asBefore, 'QUOTE_DOUBLE'] as const).map((defaultStringType) => {
    const written = stringify(value, { defaultStringType, lineWidth: 0 }).trimEnd();
    return text.slice(0, start) + written + text.slice(end);
  });
}

function means(text: string, document: Document): boolean {
  const reread = parseDocument(text);
  return reread.errors.length === 0 && isDeepStrictEqual(reread.toJS(), document.toJS());
}
