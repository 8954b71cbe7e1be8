import { BelayError } from '../../../fault/belay-error.js';
import { databaseName, withPostgres, type PostgresAddress } from '../../calls/postgres-connection.js';
import { oneAtATime } from '../../calls/one-at-a-time.js';
import type { Effort } from '../../state-executor.js';
import { shortHash } from '../run-identity.js';
import { commentOn, createLike, dropDatabase, readDatabases } from './database-catalog.js';
import { nameBeside } from './database-switch.js';
import type { PostgresBinding } from './postgres-data.js';
import { PostgresPrograms } from './postgres-programs.js';
import { examine, fill } from './snapshot-restore.js';
import type { VerifiedDump } from './verify-dump.js';

/** What a scratch database says of itself, so that only such a one is ever dropped. */
const COMMENT = 'belay: scratch database of a drill';

/**
 * Restores a dump into a database of its own on the same server, looks at it as a restore does, and drops it again.
 * Nothing in use is touched. Its name is always the same, so what a drill left behind in which Belay died goes with the next.
 */
export async function rehearsePostgres(binding: Pick<PostgresBinding, 'url' | 'checks' | 'maintenanceDatabase' | 'programs' | 'env' | 'jobs' | 'restoreOptions'>, dump: VerifiedDump, effort: Effort): Promise<void> {
  const { url, checks, maintenanceDatabase, jobs, restoreOptions: options } = binding;
  const database = databaseName(url);
  const server: PostgresAddress = { url, database: maintenanceDatabase };
  const scratch = nameBeside(database, 'drill', shortHash(database, 'drill'));
  await oneAtATime(`${url} ${scratch}`, effort.signal, async () => {
    await withPostgres(server, effort.signal, async (client) => {
      const left = (await readDatabases(client)).find(({ name }) => name === scratch);
      if (left !== undefined && left.comment !== COMMENT) throw new BelayError('provider-refused', `there is a database ${scratch} that is not Belay's: rename it`);
      await dropDatabase(client, scratch);
      await createLike(client, database, scratch);
      await commentOn(client, scratch, COMMENT);
    });
    try {
      await fill({ programs: new PostgresPrograms({ url }, binding.programs, binding.env), jobs, options }, scratch, dump, effort);
      await examine({ server, database, checks }, scratch, dump, effort.signal);
    } finally {
      // Whatever ended it, it goes: its own time begins here.
      await withPostgres(server, AbortSignal.timeout(CLEAN_UP_MS), (client) => dropDatabase(client, scratch));
    }
  });
}

const CLEAN_UP_MS = 30_000;
