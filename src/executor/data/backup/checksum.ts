import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BelayError } from '../../../fault/belay-error.js';

/** Relative paths with their SHA-256, as `sha256sum` writes them. */
export type Checksums = ReadonlyMap<string, string>;

const LINE = /^([0-9a-f]{64}) [ *](.+)$/i;

/** Reads what `sha256sum` has written; a file of nothing but one sum means `only`. Throws `backup-unfit` naming the line. */
export function parseChecksums(text: string, shown: string, only?: string): Checksums {
  const sums = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const match = LINE.exec(line);
    const sum = match?.[1] ?? (/^[0-9a-f]{64}$/i.test(line.trim()) && only !== undefined ? line.trim() : undefined);
    if (sum === undefined) throw new BelayError('backup-unfit', `${shown}:${index + 1} is not a line of sha256sum`);
    sums.set((match?.[2] ?? only ?? '').replace(/^\.\//, ''), sum.toLowerCase());
  }
  return sums;
}

export async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}

/** The file of sums beside a backup; `undefined` when there is none. */
export async function checksumsBeside(path: string): Promise<Checksums | undefined> {
  const sumsPath = `${path}.sha256`;
  const text = await readFile(sumsPath, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseChecksums(text, basename(sumsPath), basename(path));
}

/**
 * Holds a file, or every file of a directory, against the sums; paths in them start at the backup's own directory, or
 * inside it. Throws `backup-unfit` naming what differs, is missing, or is there without a sum.
 */
export async function holdAgainst(sums: Checksums, path: string, signal: AbortSignal): Promise<void> {
  const name = basename(path);
  const files = (await stat(path)).isDirectory() ? await filesIn(path) : [path];
  const left = new Set(sums.keys());
  for (const file of files) {
    const inside = relative(path, file);
    const key = [relative(dirname(path), file), inside, basename(file)].find((candidate, index) => sums.has(candidate) && (index < 2 || file === path));
    if (key === undefined) throw new BelayError('backup-unfit', `the checksums beside ${name} have none of ${inside === '' ? name : inside}`);
    left.delete(key);
    const actual = await sha256Of(file, signal);
    if (actual !== sums.get(key)) throw new BelayError('backup-unfit', `${key} is not what its checksum says (${short(actual)} instead of ${short(sums.get(key) ?? '')}): it is damaged or incomplete`);
  }
  const [missing] = left;
  if (missing !== undefined) throw new BelayError('backup-unfit', `${name} lacks ${missing}, which its checksums name`);
}

/** Every regular file of a directory, in order. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
}

function short(sum: string): string {
  return sum.slice(0, 12);
}
