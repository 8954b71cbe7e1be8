import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../../fault/belay-error.js';
import { argumentList, commandSurroundings, filePath, plainText } from '../../calls/command-line.js';
import { runProviderCommandWell } from '../../calls/provider-command.js';
import { isTimeZone } from '../../../time/time-zone.js';
import type { Effort } from '../../state-executor.js';
import { durationMs } from '../../steps/check-schema.js';

/** What the templates of `fetch` may refer to, besides the step's own parameters. */
export const fetchReferences = ['backup', 'directory'] as const;

/** Where backups are, and what makes one good enough. */
export const backupsSchema = z.strictObject({
  directory: filePath.describe('Where backups are. `before-v42` is the entry of this name, or of this name with `.dump`, `.backup`, `.tar`, `.sql`, `.dir`, `.db` or `.sqlite` behind it.'),
  /** Brings a backup and what proves it into the directory; exit 0 is done. */
  fetch: argumentList.optional().describe('Brings a backup that is not there into the directory, with what proves it. References: `${backup}`, `${directory}`.'),
  ...commandSurroundings,
  /** Instead of the target's `rpo`; `any` for those that are good whatever their age. */
  maxAge: z.union([z.literal('any'), durationMs]).optional().meta({ title: 'duration, or `any`', description: 'How old a backup may be. Without it, the target\'s `rpo`; without either, no backup is good enough.' }),
  checksum: z.enum(['required', 'optional']).default('required').describe('`optional`: a backup without a checksum is read to its end instead.'),
  /** The database that a dump must be of, where its name differs from the one in `url`. */
  database: plainText.min(1).optional().describe('The database that dumps are of, where its name is another than in `url`.'),
  /** Dumps carry the wall clock of the machine that made them. */
  timeZone: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin or UTC').optional().meta({ title: 'time zone', description: 'Of the machine that makes the dumps: they carry the time of its wall clock. Without it, Belay\'s own.' }),
}).meta({ title: 'backups' });
export type Backups = z.infer<typeof backupsSchema>;

/** A backup as a directory entry: `id` with nothing, or one of the endings that dumps have, behind it. */
const BACKUP_ENDINGS = ['', '.dump', '.backup', '.tar', '.sql', '.dir', '.db', '.sqlite'];
const BACKUP_ID = /^[A-Za-z0-9_][A-Za-z0-9._+=@,-]{0,199}$/;

/** Throws `parameter-invalid` for an id that could be anything else than the plain name of a directory entry. */
export function checkedBackupId(id: string): string {
  if (BACKUP_ID.test(id)) return id;
  const shown = id.length > 60 ? `${id.slice(0, 60)}…` : id;
  throw new BelayError('parameter-invalid', `${JSON.stringify(shown)} cannot be a backup: write the plain name of one (letters, digits and . _ + = @ , -, beginning with none of these but _)`);
}

/** The real path of a backup inside the directory. Fetches it first where it is not there and a `fetch` is declared. */
export async function findBackup(backups: Backups, id: string, base: string, effort: Effort): Promise<string> {
  const directory = resolve(base, backups.directory);
  const name = checkedBackupId(id);
  const found = await entryOf(directory, name);
  if (found !== undefined) return found;
  if (backups.fetch !== undefined) {
    await runProviderCommandWell(backups.fetch, { ...backups, directory: base }, { backup: name, directory }, effort);
    const fetched = await entryOf(directory, name);
    if (fetched !== undefined) return fetched;
  }
  throw new BelayError('backup-unfit', `there is no backup ${name} in ${directory}${backups.fetch === undefined ? '' : ', and fetch has not brought it'}`);
}

/** The youngest entry of the directory that can be a backup; how young its content is, is another question. Throws `backup-unfit` where there is none. */
export async function newestBackup(backups: Backups, base: string): Promise<string> {
  const directory = resolve(base, backups.directory);
  const names = (await readdir(directory).catch(() => [])).filter((name) => !/\.(?:sha256|json)$/.test(name) && BACKUP_ENDINGS.some((ending) => name.endsWith(ending)));
  const entries = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })));
  const [newest] = entries.sort((one, other) => other.at - one.at);
  if (newest === undefined) throw new BelayError('backup-unfit', `there is no backup in ${directory}`);
  return newest.name;
}

async function entryOf(directory: string, id: string): Promise<string | undefined> {
  const names = new Set(await readdir(directory).catch((error: unknown) => unreadable(directory, error)));
  const fitting = BACKUP_ENDINGS.map((ending) => `${id}${ending}`).filter((name) => names.has(name));
  const [name] = fitting;
  if (name === undefined) return undefined;
  if (fitting.length > 1) throw new BelayError('backup-unfit', `${directory} has several backups ${id}: ${fitting.join(', ')}; write the whole name of one`);
  const path = await realpath(join(directory, name));
  if (relative(await realpath(directory), path).split(sep)[0] === '..') throw new BelayError('backup-unfit', `the backup ${name} is a link that leads out of ${directory}`);
  return path;
}

function unreadable(directory: string, error: unknown): never {
  throw new BelayError('backup-unfit', `the backups in ${directory} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
}
