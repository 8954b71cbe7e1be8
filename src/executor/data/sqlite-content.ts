import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/**
 * What SQLite itself changes in the header of a file without anybody having written to the database: the journal mode,
 * the counters of changes and of the schema, and the version of the library.
 */
const OWN_BYTES: readonly (readonly [from: number, to: number])[] = [[18, 20], [24, 28], [40, 44], [92, 100]];

/** A sum over the pages of a database file that nobody has open. */
export async function sqliteContent(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  let isHeader = true;
  // The first piece has the whole header: pieces are larger.
  for await (const piece of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    if (isHeader) for (const [from, to] of OWN_BYTES) piece.fill(0, from, to);
    isHeader = false;
    hash.update(piece);
  }
  return hash.digest('hex');
}
