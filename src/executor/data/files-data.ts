import { realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { filePath } from '../calls/command-line.js';
import { oneAtATime } from '../calls/one-at-a-time.js';
import type { Effort, StateChange } from '../state-executor.js';
import { checkAge, ageText } from './backup/backup-age.js';
import { manifestBeside } from './backup/backup-manifest.js';
import { backupsSchema, findBackup } from './backup/backup-place.js';
import { checksumsBeside, filesIn, holdAgainst } from './backup/checksum.js';
import { copyTree } from './copy-tree.js';
import type { DataRequest, DataSurroundings } from './data-request.js';
import { readMark, syncDirectory, writeMark, type RestoreMark } from './mark-file.js';
import { instantInName, shortHash } from './run-identity.js';
import { treeContent } from './tree-content.js';

export const filesBinding = z.strictObject({
  type: z.literal('files'),
  /** The directory in use, such as that of users' uploads. */
  directory: filePath.describe('The directory in use, such as that of users\' uploads.'),
  backups: backupsSchema.describe('Directories, one per snapshot, with a checksum for every file.'),
});
type FilesBinding = z.infer<typeof filesBinding>;

/** A directory in use, and all that a rollback puts beside it. */
interface Place {
  readonly live: string;
  readonly staging: string;
  readonly markPath: string;
}

/**
 * Files that users uploaded: a snapshot is copied into a directory beside the one in use, every file held against its
 * checksum, and takes its place by rename; the old one is kept.
 */
export function filesData(binding: FilesBinding, surroundings: DataSurroundings, { parameters, run, rpoMs }: DataRequest): StateChange {
  const { snapshotId } = parameters;
  if (snapshotId === undefined) throw new BelayError('parameter-invalid', `${parameters.database} is a directory of files, which takes snapshotId`);
  const { directory: base, clock } = surroundings;
  const wanted = `restored from ${snapshotId}`;
  const subject = `files in ${binding.directory}`;
  const verify = (effort: Effort): Promise<{ path: string; words: string }> => verifySnapshot(binding, surroundings, snapshotId, rpoMs, effort);
  const markNow = async (): Promise<RestoreMark | undefined> => readMark((await placeOf(binding, base, run, snapshotId)).markPath);
  const isOurs = (mark: RestoreMark | undefined): mark is RestoreMark => mark?.run === run && mark.snapshot === snapshotId;
  return {
    subject,
    wanted,
    ready: async (effort) => (await verify(effort)).words,
    async read() {
      const mark = await markNow();
      return isOurs(mark) && mark.phase === 'done' ? { state: 'applied', actual: wanted } : { state: 'not-applied', actual: 'as they are' };
    },
    async apply(effort) {
      const place = await placeOf(binding, base, run, snapshotId);
      await oneAtATime(place.live, effort.signal, async () => {
        const mark = await readMark(place.markPath);
        if (!(isOurs(mark) && mark.phase === 'ready')) {
          const { path } = await verify(effort);
          await rm(place.staging, { recursive: true, force: true });
          await copyTree(path, place.staging, effort.signal);
          await holdCopy(path, place.staging, effort.signal);
          const kept = (await exists(place.live)) ? keptName(place.live, 'before', clock.now(), run, snapshotId) : null;
          effort.signal.throwIfAborted();
          await writeMark(place.markPath, { run, snapshot: snapshotId, kept, phase: 'ready', content: await treeContent(place.staging, effort.signal) });
        }
        await swapIn(place, 'done');
      });
    },
    // What tells the directories apart, whatever they are called.
    capture: async () => ({ run, snapshotId, inode: await inodeOf(resolve(base, binding.directory)) }),
    restoring(captured) {
      const { inode } = captured as { inode: string | null };
      return {
        subject,
        wanted: 'as they were before',
        async mustBeUntouched(signal) {
          const { live, markPath } = await placeOf(binding, base, run, snapshotId);
          const mark = await readMark(markPath);
          // Without a directory, an undo has died between its two renames.
          if (!isOurs(mark) || mark.content === undefined || !(await exists(live)) || (await treeContent(live, signal)) === mark.content) return;
          throw new BelayError('state-drifted', `${subject}: some were added, changed or removed since they were ${wanted}, which would go out of use; what was there before is kept in ${basename(mark.kept ?? '')}`);
        },
        async read() {
          const isBack = (await inodeOf(resolve(base, binding.directory))) === inode;
          return isBack ? { state: 'applied', actual: 'as they were before' } : { state: 'not-applied', actual: wanted };
        },
        async apply({ signal }) {
          const place = await placeOf(binding, base, run, snapshotId);
          await oneAtATime(place.live, signal, async () => {
            const mark = await readMark(place.markPath);
            if (!isOurs(mark) || mark.kept === null || !(await exists(mark.kept))) throw new BelayError('undo-impossible', `what was kept of ${binding.directory} is no longer there`);
            await swapBack(place, mark, keptName(place.live, 'undone', clock.now(), run, snapshotId));
          });
        },
      };
    },
  };
}

async function placeOf({ directory }: FilesBinding, base: string, run: string, snapshotId: string): Promise<Place> {
  const path = resolve(base, directory);
  // A link to the directory stays what it is; what it leads to is replaced.
  const live = await realpath(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path;
    throw error;
  });
  const [parent, name] = [dirname(live), basename(live)];
  return { live, staging: join(parent, `.${name}.restoring-${shortHash(run, snapshotId)}`), markPath: join(parent, `.${name}.belay.json`) };
}

function keptName(live: string, what: string, at: number, run: string, snapshotId: string): string {
  return `${live}.${what}-${instantInName(at)}-${shortHash(run, snapshotId)}`;
}

/** Two renames: in the moment between them the directory is not there. Killed in it, the next attempt ends it. */
async function swapIn({ live, staging, markPath }: Place, phase: 'done'): Promise<void> {
  const mark = await readMark(markPath);
  if (mark === undefined) throw new BelayError('provider-refused', `${markPath} is gone; run the step again`);
  if (await exists(staging)) {
    if (mark.kept !== null && !(await exists(mark.kept))) await rename(live, mark.kept);
    await rename(staging, live);
  }
  await syncDirectory(dirname(live));
  await writeMark(markPath, { ...mark, phase });
}

async function swapBack({ live, markPath }: Place, mark: RestoreMark, away: string): Promise<void> {
  if (mark.kept === null) return;
  if (await exists(live)) await rename(live, away);
  await rename(mark.kept, live);
  await syncDirectory(dirname(live));
  await writeMark(markPath, { ...mark, phase: 'undone' });
}

/** Judges a snapshot of files without changing anything. Throws `backup-unfit`. */
export async function verifySnapshot({ backups }: FilesBinding, { directory, clock }: DataSurroundings, id: string, rpoMs: number | undefined, effort: Effort): Promise<{ path: string; words: string }> {
  const path = await findBackup(backups, id, directory, effort);
  const shown = `snapshot ${id}`;
  if (!(await stat(path)).isDirectory()) throw new BelayError('backup-unfit', `${shown} is no directory`);
  const manifest = await manifestBeside(path);
  const sums = await checksumsBeside(path);
  if (sums === undefined && backups.checksum === 'required') throw new BelayError('backup-unfit', `${shown} has no checksums: write them beside it as ${basename(path)}.sha256, one line of sha256sum for each file`);
  const madeAt = manifest.madeAt === undefined ? (await stat(sums === undefined ? path : `${path}.sha256`)).mtimeMs : Date.parse(manifest.madeAt);
  const now = clock.now();
  checkAge(shown, madeAt, now, backups.maxAge ?? rpoMs);
  if (sums !== undefined) await holdAgainst(sums, path, effort.signal);
  const count = (await filesIn(path)).length;
  return { path, words: `${shown} is verified: ${count} files, ${ageText(now - madeAt)} old${sums === undefined ? '' : ', their checksums are right'}` };
}

/** Copies a snapshot into a directory of its own and looks at it as a restore does. Throws `data-unsound`. */
export async function rehearseFiles(path: string, directory: string, signal: AbortSignal): Promise<void> {
  const copy = join(directory, 'restored');
  await copyTree(path, copy, signal);
  await holdCopy(path, copy, signal);
}

/** The copy has every file of the snapshot, and each is what its checksum says. */
async function holdCopy(path: string, staging: string, signal: AbortSignal): Promise<void> {
  const [wanted, copied] = [await filesIn(path), await filesIn(staging)];
  if (wanted.length !== copied.length) throw new BelayError('data-unsound', `${wanted.length} files are in the snapshot, and ${copied.length} were copied`);
  const sums = await checksumsBeside(path);
  if (sums === undefined) return;
  const own = `${basename(path)}/`;
  await holdAgainst(new Map([...sums].map(([name, sum]) => [name.startsWith(own) ? name.slice(own.length) : name, sum])), staging, signal);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}

async function inodeOf(path: string): Promise<string | null> {
  return await stat(path).then(({ dev, ino }) => `${dev}:${ino}`, () => null);
}
