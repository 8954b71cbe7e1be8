import { createHash } from 'node:crypto';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/**
 * A sum over what is in a directory: the name of everything, the size and the time of every file, where every link leads.
 * What files hold is not read, so that it takes no longer than to list them.
 */
export async function treeContent(directory: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const path of entries.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
    signal.throwIfAborted();
    const entry = await lstat(path);
    const told = entry.isSymbolicLink() ? ['link', await readlink(path)] : entry.isFile() ? ['file', entry.size, entry.mtimeMs] : ['other'];
    hash.update(`${JSON.stringify([relative(directory, path), ...told])}\n`);
  }
  return hash.digest('hex');
}
