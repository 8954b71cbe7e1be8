import type pg from 'pg';
import { readDatabases, type DatabaseEntry } from './database-catalog.js';
import type { DatabaseMark, WritableBefore } from './database-mark.js';
import { hashOf, nameBeside } from './database-switch.js';

/** Which database a rollback brings back, and out of what. */
export interface SnapshotIdentity {
  readonly database: string;
  readonly snapshotId: string;
  readonly run: string;
}

type RestoringMark = Extract<DatabaseMark, { role: 'restoring' }>;

/** How far a rollback has come with a database, read from the databases themselves. */
export interface SnapshotState {
  readonly live: DatabaseEntry | undefined;
  /** What the living database allowed before anybody stopped its writes. */
  readonly before: WritableBefore;
  /** The new databases of rollbacks, this one or earlier ones that died, which have stopped writes and not let them in again. */
  readonly stoppedBy: readonly { readonly name: string; readonly mark: RestoringMark }[];
  /** The database that this run has taken out of use, while what it put there is still in use. */
  readonly kept: DatabaseEntry | undefined;
  readonly staging: DatabaseEntry | undefined;
  readonly stagingName: string;
}

export async function snapshotState(client: pg.Client, { database, snapshotId, run }: SnapshotIdentity): Promise<SnapshotState> {
  const databases = await readDatabases(client);
  const live = databases.find(({ name }) => name === database);
  const stagingName = stagingNameOf({ database, snapshotId, run });
  const stoppedBy = databases.flatMap(({ name, mark }) => (mark?.role === 'restoring' && mark.of === database && !mark.letIn ? [{ name, mark }] : []));
  return {
    live,
    before: stoppedBy[0]?.mark.before ?? live?.before ?? { readOnly: null, allowConnections: true },
    stoppedBy,
    kept: databases.find(({ mark }) => mark?.role === 'before' && mark.run === run && mark.snapshot === snapshotId && mark.of === database && mark.replacedBy === live?.oid),
    staging: databases.find(({ name }) => name === stagingName),
    stagingName,
  };
}

export function stagingNameOf({ database, snapshotId, run }: SnapshotIdentity): string {
  return nameBeside(database, 'restoring', hashOf(run, database, snapshotId));
}
