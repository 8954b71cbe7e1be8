import type { Path } from './problem.js';

/** Every text of plain data, and where it is. */
export function textsIn(data: unknown, path: Path): readonly { readonly text: string; readonly path: Path }[] {
  if (typeof data === 'string') return [{ text: data, path }];
  if (typeof data !== 'object' || data === null) return [];
  if (Array.isArray(data)) return data.flatMap((item, index) => textsIn(item, [...path, index]));
  return Object.entries(data).flatMap(([key, item]) => textsIn(item, [...path, key]));
}
