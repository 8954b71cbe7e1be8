import { BelayError } from '../../../fault/belay-error.js';
import type { Clock } from '../../../time/clock.js';
import { quotedName, withPostgres, type PostgresAddress } from '../../calls/postgres-connection.js';
import type { Reading, StateChange } from '../../state-executor.js';
import { endSessions, readDatabases, setReadOnly } from './database-catalog.js';
import type { DatabaseMark } from './database-mark.js';
import { hashOf, nameBeside, switchDatabases } from './database-switch.js';
import { AFTERMATH_MS, letIn } from './snapshot-aftermath.js';
import { snapshotState } from './snapshot-state.js';
import { readWriteCounts, writtenBetween } from './written-since.js';

/** What a rollback has switched: as plain data, since it waits in the journal. */
export interface SwitchedDatabase {
  readonly run: string;
  readonly snapshotId: string;
  /** The database that was in use. */
  readonly oid: string;
}

interface Place {
  /** A database of the same server that nothing is done to. */
  readonly server: PostgresAddress;
  readonly database: string;
  readonly clock: Clock;
}

/**
 * The opposite of a snapshot's restore: what was kept takes its place again, and what was restored is kept. Refused once
 * somebody has written to what was restored, since that would go out of use with it.
 */
export function switchBack({ server, database, clock }: Place, { run, snapshotId, oid }: SwitchedDatabase): StateChange {
  const wanted = 'as it was before';
  const asThen = { database, run, snapshotId };
  const mustBeUntouched = async (signal: AbortSignal): Promise<void> => {
    const { kept } = await withPostgres(server, signal, (client) => snapshotState(client, asThen));
    if (kept?.mark?.role !== 'before' || kept.mark.writes === undefined) return;
    const since = writtenBetween(kept.mark.writes, await withPostgres({ ...server, database }, signal, readWriteCounts));
    if (since !== undefined) throw new BelayError('state-drifted', `database ${database}: ${since} since it was restored from ${snapshotId}, and to switch back would take that out of use; ${switchByHand(database, kept.name)}`);
  };
  return {
    subject: `database ${database}`,
    wanted,
    mustBeUntouched,
    async read(signal): Promise<Reading> {
      const databases = await withPostgres(server, signal, readDatabases);
      const live = databases.find(({ name }) => name === database);
      return live?.oid === oid ? { state: 'applied', actual: wanted } : { state: 'not-applied', actual: `restored from ${snapshotId}` };
    },
    async apply({ signal }) {
      await withPostgres(server, signal, async (client) => {
        const { live, kept } = await snapshotState(client, asThen);
        if (live === undefined || kept?.mark?.role !== 'before') throw new BelayError('undo-impossible', `the database that was kept of ${database} is no longer on this server`);
        const { before: writable, comment } = kept.mark;
        const keptMark: DatabaseMark = { role: 'undone', run, of: database, snapshot: snapshotId, replacedBy: kept.oid, comment: live.comment, before: writable };
        try {
          // Counted once nobody can write any more.
          await setReadOnly(client, database, 'on');
          await endSessions(client, database);
          await mustBeUntouched(signal);
          await switchDatabases(client, { live, incoming: kept, keptName: nameBeside(database, 'undone', hashOf(run, database, snapshotId), clock.now()), keptMark, comment, writable });
        } catch (error) {
          await withPostgres(server, AbortSignal.timeout(AFTERMATH_MS), (again) => letIn(again, database, writable)).catch(() => undefined);
          throw error;
        }
      });
    },
  };
}

/** For who wants it all the same. */
function switchByHand(database: string, kept: string): string {
  const [live, before] = [quotedName(database), quotedName(kept)];
  return (
    `if that is wanted, end its sessions and write ALTER DATABASE ${live} RENAME TO ${quotedName(nameBeside(database, 'undone', 'by_hand'))}; ` +
    `ALTER DATABASE ${before} RENAME TO ${live}; ALTER DATABASE ${live} RESET default_transaction_read_only;`
  );
}
