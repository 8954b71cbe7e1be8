import type { HttpExpectation } from './check.js';

const SHOWN_CHARACTERS = 100;

/** What is wrong with an answer, as one clause for people; `undefined` when it is as expected. */
export function unmetExpectation(expect: HttpExpectation, answer: { readonly status: number; readonly body: string; readonly latencyMs: number }): string | undefined {
  if (answer.status !== expect.status) return `answered HTTP ${answer.status} instead of ${expect.status}`;
  if (expect.json !== undefined) {
    const json = parseJson(answer.body);
    if (json === undefined) return 'answered something that is not JSON';
    const difference = jsonDifference(json, expect.json, '$');
    if (difference !== undefined) return `answered JSON in which ${difference}`;
  }
  if (expect.contains !== undefined && !answer.body.includes(expect.contains)) return `answered without the text ${shown(expect.contains)}`;
  if (expect.maxLatencyMs !== undefined && answer.latencyMs > expect.maxLatencyMs) {
    return `took ${Math.round(answer.latencyMs)} ms to answer, more than ${expect.maxLatencyMs} ms`;
  }
  return undefined;
}

/**
 * Where JSON lacks what is wanted. An object may have more keys than wanted; a list has to have the same length, entry
 * for entry; everything else has to be equal.
 */
function jsonDifference(actual: unknown, wanted: unknown, path: string): string | undefined {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual) || actual.length !== wanted.length) return `${path} is ${shown(actual)} instead of ${shown(wanted)}`;
    return firstDefined(wanted, (item, index) => jsonDifference(actual[index], item, `${path}[${String(index)}]`));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return `${path} is ${shown(actual)} instead of ${shown(wanted)}`;
    return firstDefined(Object.entries(wanted), ([key, value]) =>
      Object.hasOwn(actual, key) ? jsonDifference((actual as Record<string, unknown>)[key], value, `${path}.${key}`) : `${path}.${key} is missing`,
    );
  }
  return actual === wanted ? undefined : `${path} is ${shown(actual)} instead of ${shown(wanted)}`;
}

function firstDefined<T>(items: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // No JSON text parses to undefined.
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
