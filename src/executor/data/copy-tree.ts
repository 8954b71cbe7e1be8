import { constants } from 'node:fs';
import { chmod, copyFile, lchown, lstat, mkdir, open, readdir, readlink, symlink, utimes } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { BelayError } from '../../fault/belay-error.js';

/**
 * Copies a directory with everything in it: permissions, times, and the owner where Belay may give files away. A link is
 * copied as a link, and only where it stays inside. Throws `backup-unfit` for a link that leads out, and for what is
 * neither file, directory nor link.
 */
export async function copyTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  await copyEntry(from, to, from, signal);
}

async function copyEntry(from: string, to: string, root: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const entry = await lstat(from);
  const shown = relative(root, from);
  if (entry.isSymbolicLink()) {
    const target = await readlink(from);
    if (leavesRoot(target, from, root)) throw new BelayError('backup-unfit', `${shown} is a link that leads out of the snapshot (to ${target})`);
    await symlink(target, to);
  } else if (entry.isDirectory()) {
    // Open to Belay alone until all is there.
    await mkdir(to, { mode: 0o700 });
    for (const name of await readdir(from)) await copyEntry(join(from, name), join(to, name), root, signal);
  } else if (entry.isFile()) {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await sync(to);
  } else {
    throw new BelayError('backup-unfit', `${shown} is neither a file nor a directory`);
  }
  if (process.getuid?.() === 0) await lchown(to, entry.uid, entry.gid);
  if (entry.isSymbolicLink()) return;
  await chmod(to, entry.mode & 0o7777);
  await utimes(to, entry.atime, entry.mtime);
}

function leavesRoot(target: string, from: string, root: string): boolean {
  return isAbsolute(target) || relative(root, resolve(dirname(from), target)).split(sep)[0] === '..';
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
