/** Rows in one statement; SQLite takes 32,766 parameters. */
const CHUNK_SIZE = 1_000;

export function* chunks<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += CHUNK_SIZE) yield items.slice(start, start + CHUNK_SIZE);
}
