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
    if (edited === text) return;
    const temporaryPath = join(dirname(realPath), `.${basename(realPath)}.${randomUUID()}.tmp`);
    try {
      await writeLike(realPath, temporaryPath, edited);
      signal.throwIfAborted();
      if ((await readFile(realPath, 'utf8')) !== text) throw new BelayError('conflict', `${path} was changed by another program at the same time`);
      await rename(temporaryPath, realPath);
    } finally {
      await rm(temporaryPath, { force: true });
    }
    await syncDirectory(dirname(realPath));
  });
}

async function writeLike(modelPath: string, path: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(modelPath);
  const file = await open(path, 'wx', 0o600);
  try {
    const own = await file.stat();
    if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid);
    await file.chmod(mode & 0o7777);
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
