import { databaseName } from '../../calls/postgres-connection.js';
import type { Effort } from '../../state-executor.js';
import type { Backups } from '../backup/backup-place.js';
import type { DataSurroundings } from '../data-request.js';
import { PostgresPrograms } from './postgres-programs.js';
import { verifyDump, type VerifiedDump } from './verify-dump.js';

interface DumpedDatabase {
  readonly url: string;
  readonly backups: Backups;
  readonly programs?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Judges a dump of a configured database; see `verifyDump`. `rpoMs` counts where its own `maxAge` is absent. */
export async function verifyDumpOf({ url, backups, programs, env }: DumpedDatabase, { directory, clock }: DataSurroundings, id: string, rpoMs: number | undefined, effort: Effort): Promise<VerifiedDump> {
  const judge = { backups, base: directory, database: databaseName(url), oldest: backups.maxAge ?? rpoMs, programs: new PostgresPrograms({ url }, programs, env), clock };
  return await verifyDump(id, judge, effort);
}
