import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const markSchema = z.object({
  run: z.string(),
  snapshot: z.string(),
  /** Where what was there before is kept; `null` where nothing was there. */
  kept: z.string().nullable(),
  /** `ready`: all is prepared and checked. `done`: it is in use. `undoing`: what was kept is about to be. `undone`: it is in use again. */
  phase: z.enum(['ready', 'done', 'undoing', 'undone']),
  /** What the restore has put there, as a sum: of anything else it is told that somebody has changed it since. */
  content: z.string().optional(),
});
/** What a rollback has made of a file or a directory, written beside it. */
export type RestoreMark = z.infer<typeof markSchema>;

/** `undefined` where there is none, or one that is not Belay's. */
export async function readMark(path: string): Promise<RestoreMark | undefined> {
  try {
    return markSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces the mark in one go, on the disk when it resolves. */
export async function writeMark(path: string, mark: RestoreMark): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(mark)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Renames are on the disk once the directory is. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
