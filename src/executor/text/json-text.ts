import { isMap, isScalar, isSeq, parseDocument, type Document, type Node, type YAMLMap } from 'yaml';
import { BelayError } from '../../fault/belay-error.js';

/** Reads JSON strictly, naming the file in the error. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new BelayError('provider-refused', `${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Sets one value in JSON text and leaves every other character as it is: order, indentation, line ends. Objects that
 * the path lacks are added. Throws `provider-refused` where the path leads through something that is no object.
 */
export function setInJson(text: string, path: readonly string[], value: unknown, file: string): string {
  parseJson(text, file);
  // JSON is a subset of YAML, whose parser tells where each value stands.
  const document = parseDocument(text, { keepSourceTokens: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw new BelayError('provider-refused', `${file}: ${problem.message}`);
  const edited = splice(text, document, path, value, file);
  parseJson(edited, file);
  return edited;
}

/** Takes one entry of an object out, with its comma, and leaves every other character as it is. Nothing happens where there is none. */
export function removeFromJson(text: string, path: readonly string[], file: string): string {
  parseJson(text, file);
  const parent = path.slice(0, -1).reduce<Node | null | undefined>(childOf, parseDocument(text).contents);
  const index = isMap(parent) ? parent.items.findIndex((item) => isScalar(item.key) && item.key.value === path.at(-1)) : -1;
  if (!isMap(parent) || index < 0) return text;
  const [from, to] = extentOf(parent, index);
  const edited = text.slice(0, from) + text.slice(to);
  parseJson(edited, file);
  return edited;
}

function extentOf(map: YAMLMap, index: number): [from: number, to: number] {
  const startOf = (at: number): number => (map.items[at]?.key as Node).range?.[0] ?? 0;
  const endOf = (at: number): number => (map.items[at]?.value as Node).range?.[1] ?? 0;
  if (index > 0) return [endOf(index - 1), endOf(index)];
  return map.items.length > 1 ? [startOf(0), startOf(1)] : [startOf(0), endOf(0)];
}

function splice(text: string, document: Document, path: readonly string[], value: unknown, file: string): string {
  let node = document.contents;
  for (const [depth, key] of path.entries()) {
    const next = childOf(node, key);
    if (next === undefined) {
      if (!isMap(node)) throw new BelayError('provider-refused', `${file}: ${path.slice(0, depth).join('.') || 'the top'} is not an object`);
      const missing = path.slice(depth + 1).reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
      return insert(text, node, key, missing);
    }
    node = next;
  }
  const [start, end] = node?.range ?? [0, text.length];
  return text.slice(0, start) + JSON.stringify(value) + text.slice(end);
}

function childOf(node: Node | null | undefined, key: string): Node | null | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
    return pair === undefined ? undefined : (pair.value as Node | null);
  }
  return isSeq(node) && /^\d+$/.test(key) ? (node.items[Number(key)] as Node | undefined) : undefined;
}

function insert(text: string, map: YAMLMap, key: string, value: unknown): string {
  const written = `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
  const last = map.items.at(-1);
  if (last === undefined) {
    const start = map.range?.[0] ?? 0;
    return `${text.slice(0, start + 1)}${written}${text.slice(start + 1)}`;
  }
  const keyStart = (last.key as Node).range?.[0] ?? 0;
  const end = (last.value as Node).range?.[1] ?? 0;
  // The new entry stands as the one before it does: on a line of its own, or beside it.
  const indent = /\r?\n[ \t]*$/.exec(text.slice(0, keyStart))?.[0] ?? ' ';
  return `${text.slice(0, end)},${indent}${written}${text.slice(end)}`;
}
