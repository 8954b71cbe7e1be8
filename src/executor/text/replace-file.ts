import { randomUUID } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BelayError } from '../../fault/belay-error.js';
import { oneAtATime } from '../calls/one-at-a-time.js';

/**
 * Changes a text file so that a reader sees the old text or the new one, and so does a machine that loses power.
 * Mode, owner and links to it are kept. Nothing is written where `edit` changes nothing. Throws `conflict` when another
 * program has written the file meanwhile.
 */
export async function editFile(path: string, signal: AbortSignal, edit: (text: string) => string): Promise<void> {
  const realPath = await realpath(path);
  await oneAtATime(realPath, signal, async () => {
    const text = await readFile(realPath, 'utf8');
    const edited = edit(text);
    if (edited !== text) await replace(path, realPath, text, edited, signal);
  });
}

/** The same for a file that may be missing before and after: `undefined` stands for none. Its folder must be there. */
export async function editOptionalFile(path: string, signal: AbortSignal, edit: (text: string | undefined) => string | undefined): Promise<void> {
  const realPath = await realpath(path).catch(async () => join(await realpath(dirname(path)), basename(path)));
  await oneAtATime(realPath, signal, async () => {
    const text = await readOptionalFile(realPath);
    const edited = edit(text);
    if (edited === text) return;
    if (edited !== undefined) {
      await replace(path, realPath, text, edited, signal);
      return;
    }
    await rm(realPath);
    await syncDirectory(dirname(realPath));
  });
}

export async function readOptionalFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function replace(path: string, realPath: string, text: string | undefined, edited: string, signal: AbortSignal): Promise<void> {
  const temporaryPath = join(dirname(realPath), `.${basename(realPath)}.${randomUUID()}.tmp`);
  try {
    await writeLike(text === undefined ? undefined : realPath, temporaryPath, edited);
    signal.throwIfAborted();
    if ((await readOptionalFile(realPath)) !== text) throw new BelayError('conflict', `${path} was changed by another program at the same time`);
    await rename(temporaryPath, realPath);
  } finally {
    await rm(temporaryPath, { force: true });
  }
  await syncDirectory(dirname(realPath));
}

/** With the mode and owner of the model; a file without one is for everybody to read. */
async function writeLike(modelPath: string | undefined, path: string, text: string): Promise<void> {
  const model = modelPath === undefined ? undefined : await stat(modelPath);
  const file = await open(path, 'wx', 0o600);
  try {
    const own = await file.stat();
    if (model !== undefined && (own.uid !== model.uid || own.gid !== model.gid)) await file.chown(model.uid, model.gid);
    await file.chmod(model === undefined ? 0o644 : model.mode & 0o7777);
    await file.writeFile(text, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes what was renamed in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
