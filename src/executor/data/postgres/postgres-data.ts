import { z } from 'zod';
import { BelayError } from '../../../fault/belay-error.js';
import { plainText } from '../../calls/command-line.js';
import { databaseName } from '../../calls/postgres-connection.js';
import type { Effort, StateChange } from '../../state-executor.js';
import { backupsSchema } from '../backup/backup-place.js';
import { dataCheckSchema } from '../data-check.js';
import type { DataRequest, DataSurroundings } from '../data-request.js';
import { PostgresPrograms } from './postgres-programs.js';
import { snapshotRestore } from './snapshot-restore.js';
import { withWritersStopped, writersSchema } from './stopped-writers.js';
import { tableRestore } from './table-restore.js';
import { verifyDumpOf } from './verify-dump-of.js';
import type { VerifiedDump } from './verify-dump.js';

/** What `pg_restore` may be told to leave out. */
const RESTORE_OPTIONS = ['--no-owner', '--no-privileges', '--no-comments', '--no-publications', '--no-subscriptions', '--no-security-labels', '--no-tablespaces'] as const;

export const postgresBinding = z.strictObject({
  type: z.literal('postgres'),
  url: z.string().regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres://'),
  backups: backupsSchema,
  /** What keeps others from writing while a snapshot is restored. */
  stopWrites: z.union([z.enum(['read-only', 'no-connections', 'none']), writersSchema], 'must be read-only, no-connections, none, or { stop: [program, argument, …], start: [program, argument, …] }').default('read-only'),
  checks: z.array(dataCheckSchema).default([]),
  /** From which the others are renamed; nothing is done to it. */
  maintenanceDatabase: plainText.min(1).default('postgres'),
  /** Where pg_restore and psql are; without it they are looked up in PATH. */
  programs: plainText.min(1).optional(),
  jobs: z.int().min(1).max(64).default(1),
  restoreOptions: z.array(z.enum(RESTORE_OPTIONS)).default([]),
  env: z.record(plainText, plainText).optional(),
});
export type PostgresBinding = z.infer<typeof postgresBinding>;

/** Data of a PostgreSQL database, whole (`snapshotId`) or of some tables (`tables`), out of dumps that pg_dump has made. */
export function postgresData(binding: PostgresBinding, surroundings: DataSurroundings, { parameters, values, run, rpoMs }: DataRequest): StateChange {
  const { url, checks, maintenanceDatabase } = binding;
  const database = databaseName(url);
  const programs = new PostgresPrograms({ url }, binding.programs, binding.env);
  const verify = (id: string, effort: Effort): Promise<VerifiedDump> => verifyDumpOf(binding, surroundings, id, rpoMs, effort);
  if (parameters.snapshotId !== undefined) {
    const { snapshotId } = parameters;
    const { stopWrites } = binding;
    const change = snapshotRestore({
      server: { url, database: maintenanceDatabase },
      database,
      snapshotId,
      run,
      stopWrites: typeof stopWrites === 'string' ? stopWrites : 'none',
      checks,
      jobs: binding.jobs,
      options: binding.restoreOptions,
      programs,
      clock: surroundings.clock,
      verify: (effort) => verify(snapshotId, effort),
    });
    return typeof stopWrites === 'string' ? change : withWritersStopped(change, stopWrites, surroundings.directory, values);
  }
  if (parameters.tables !== undefined) return tableRestore({ address: { url }, database, tables: parameters.tables, run, checks, programs, verify });
  throw new BelayError('parameter-invalid', `${parameters.database} is a PostgreSQL database, which takes snapshotId or tables; a migration needs an entry of type migrations`);
}
