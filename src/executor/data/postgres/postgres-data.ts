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
  url: z.string().regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres://').meta({ title: 'postgres:// URL', description: 'The database that is brought back.' }),
  backups: backupsSchema.describe('Dumps of `pg_dump`: custom, directory, tar or plain.'),
  /** What keeps others from writing while a snapshot is restored. */
  stopWrites: z.union([z.enum(['read-only', 'no-connections', 'none']), writersSchema], 'must be read-only, no-connections, none, or { stop: [program, argument, …], start: [program, argument, …] }').default('read-only').describe('What keeps others from writing [while a snapshot is restored](docs/data.md#postgresql-a-snapshot). `stop` and `start` are argument lists, with `cwd` and `env` beside them.'),
  checks: z.array(dataCheckSchema).default([]).describe('Asked of what was restored, before it is used.'),
  /** From which the others are renamed; nothing is done to it. */
  maintenanceDatabase: plainText.min(1).default('postgres').describe('From which the others are renamed. Nothing is done to it.'),
  /** Where pg_restore and psql are; without it they are looked up in PATH. */
  programs: plainText.min(1).optional().meta({ title: 'path', description: 'The folder of `pg_restore` and `psql`; without it, `PATH`.' }),
  jobs: z.int().min(1).max(64).default(1).meta({ title: '1 to 64', description: 'How many tables `pg_restore` restores at once.' }),
  restoreOptions: z.array(z.enum(RESTORE_OPTIONS)).default([]).meta({ title: 'list', description: 'Of `--no-owner`, `--no-privileges`, `--no-comments`, `--no-publications`, `--no-subscriptions`, `--no-security-labels`, `--no-tablespaces`.' }),
  env: z.record(plainText, plainText).optional().describe('For PostgreSQL\'s programs, such as `PGSSLROOTCERT`. The password of `url` goes to them by the environment.'),
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
