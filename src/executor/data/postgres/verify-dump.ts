import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { BelayError, errorText } from '../../../fault/belay-error.js';
import type { Clock } from '../../../time/clock.js';
import type { Effort } from '../../state-executor.js';
import { ageText, checkAge, wallClockInstant, type OldestAllowed } from '../backup/backup-age.js';
import { manifestBeside, type BackupManifest } from '../backup/backup-manifest.js';
import { findBackup, type Backups } from '../backup/backup-place.js';
import { proveContent } from '../backup/proved-content.js';
import { parseListing, type ArchiveListing } from './archive-listing.js';
import { dumpFormat, type DumpFormat } from './dump-format.js';
import type { PostgresPrograms } from './postgres-programs.js';

/** A dump that is good enough to put in place of living data. */
export interface VerifiedDump {
  readonly id: string;
  readonly path: string;
  readonly format: DumpFormat;
  readonly madeAt: number;
  /** By table, how many rows the manifest says there are. */
  readonly rows: Readonly<Record<string, number>>;
  readonly listing: ArchiveListing | undefined;
  /** One line for people. */
  readonly words: string;
}

export interface DumpJudge {
  readonly backups: Backups;
  /** Where relative paths start. */
  readonly base: string;
  /** The database that the dump must be of. */
  readonly database: string;
  readonly oldest: OldestAllowed;
  readonly programs: PostgresPrograms;
  readonly clock: Clock;
}

/**
 * Reads a dump from its beginning to its end and judges it: it can be read, is what its checksum says, is of the right
 * database, and is not too old. Changes nothing. Throws `backup-unfit` with what is wrong, `parameter-invalid` for an id
 * that can be none.
 */
export async function verifyDump(id: string, { backups, base, database, oldest, programs, clock }: DumpJudge, effort: Effort): Promise<VerifiedDump> {
  const path = await findBackup(backups, id, base, effort);
  const shown = `backup ${id}`;
  const manifest = await manifestBeside(path);
  const format = await dumpFormat(path, shown);
  const listing = format === 'plain' ? undefined : await listingOf(path, shown, programs, effort);
  const plain = format === 'plain' ? await readPlain(path, shown, effort.signal) : undefined;

  const madeFor = listing?.database ?? plain?.database ?? manifest.database;
  const wanted = backups.database ?? database;
  if (madeFor === undefined) throw new BelayError('backup-unfit', `${shown} does not say which database it is of: give it a manifest (${basename(path)}.json) with database`);
  if (madeFor !== wanted) throw new BelayError('backup-unfit', `${shown} is of the database ${madeFor}, not of ${wanted}`);
  const madeAt = timeOf(manifest, listing?.wallClock ?? plain?.wallClock, backups.timeZone);
  if (madeAt === undefined) throw new BelayError('backup-unfit', `${shown} does not say when it was made: dump with --verbose, or give it a manifest (${basename(path)}.json) with madeAt`);
  const now = clock.now();
  checkAge(shown, madeAt, now, oldest);

  const isProved = await proveContent(path, backups, manifest, effort.signal);
  if (!isProved && format !== 'plain') await readWhole(path, shown, programs, effort);
  const proof = isProved ? 'its checksum is right' : 'it can be read to its end';
  return { id, path, format, madeAt, rows: manifest.rows ?? {}, listing, words: `${shown} is verified: of ${madeFor}, ${ageText(now - madeAt)} old, ${proof}` };
}

async function listingOf(path: string, shown: string, programs: PostgresPrograms, effort: Effort): Promise<ArchiveListing> {
  try {
    return parseListing(await programs.readArchive(['--list', path], effort));
  } catch (error) {
    effort.signal.throwIfAborted();
    throw new BelayError('backup-unfit', `${shown} cannot be read: ${errorText(error)}`, { cause: error });
  }
}

/** A listing tells nothing of the rows behind it; without a checksum only reading them all does. */
async function readWhole(path: string, shown: string, programs: PostgresPrograms, effort: Effort): Promise<void> {
  try {
    await programs.readArchive(['--file=/dev/null', path], effort);
  } catch (error) {
    effort.signal.throwIfAborted();
    throw new BelayError('backup-unfit', `${shown} cannot be read to its end: ${errorText(error)}`, { cause: error });
  }
}

function timeOf({ madeAt }: BackupManifest, wallClock: string | undefined, timeZone: string | undefined): number | undefined {
  const times = [...(madeAt === undefined ? [] : [Date.parse(madeAt)]), ...(wallClock === undefined ? [] : [wallClockInstant(wallClock, timeZone)])];
  return times.length === 0 ? undefined : Math.min(...times);
}

const COPY_START = /^COPY .* FROM stdin;$/;

/**
 * What a plain dump says of itself. Its psql commands could do anything, so only those that pg_dump itself writes are
 * allowed; `\connect` would lead the restore elsewhere.
 */
async function readPlain(path: string, shown: string, signal: AbortSignal): Promise<{ database?: string; wallClock?: string }> {
  const said: { database?: string; wallClock?: string } = {};
  let inRows = false;
  let lineNumber = 0;
  for await (const line of createInterface({ input: createReadStream(path, { signal }), crlfDelay: Infinity })) {
    lineNumber += 1;
    if (inRows) {
      if (line === '\\.') inRows = false;
    } else if (COPY_START.test(line)) {
      inRows = true;
    } else if (line.startsWith('\\') && !/^\\(?:un)?restrict [A-Za-z0-9]+$/.test(line)) {
      throw new BelayError('backup-unfit', `${shown}: line ${lineNumber} is a command of psql (${line.slice(0, 30)}), which a plain dump of one database has not; dump without --create`);
    }
    const [, wallClock] = /^-- Started on (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/.exec(line) ?? [];
    if (wallClock !== undefined && !inRows) said.wallClock ??= wallClock;
  }
  if (inRows) throw new BelayError('backup-unfit', `${shown} ends in the middle of a table: it is incomplete`);
  return said;
}
