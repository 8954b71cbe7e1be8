import type pg from 'pg';
import { BelayError, errorText } from '../../../fault/belay-error.js';
import type { Clock } from '../../../time/clock.js';
import { quotedName, withPostgres, type PostgresAddress } from '../../calls/postgres-connection.js';
import { allowConnections, commentOn, setReadOnly } from './database-catalog.js';
import { formatMark, type WritableBefore } from './database-mark.js';
import { snapshotState, stagingNameOf, type SnapshotIdentity } from './snapshot-state.js';

/** Within the time that an executor has to stop once its signal has aborted. */
export const AFTERMATH_MS = 2_500;
/** A server that has crashed needs a while to be back. */
const SERVER_BACK_MS = 15_000;
const SERVER_POLL_MS = 250;

interface FailedRestore extends SnapshotIdentity {
  readonly server: PostgresAddress;
  readonly clock: Clock;
}

/** Undoes what has been done to stop the writes of a database. */
export async function letIn(client: pg.Client, database: string, before: WritableBefore): Promise<void> {
  await allowConnections(client, database, before.allowConnections);
  await setReadOnly(client, database, before.readOnly);
}

/**
 * A restore that failed leaves the living database as it found it. Resolves to what a person should know, or to nothing.
 * `inHaste`: the time of the step is over.
 */
export async function leaveAsItWas(restore: FailedRestore, inHaste: boolean): Promise<string> {
  const { database, clock } = restore;
  const deadlineAt = clock.now() + (inHaste ? AFTERMATH_MS : SERVER_BACK_MS);
  for (;;) {
    try {
      return await letInAgain(restore, AbortSignal.timeout(inHaste ? AFTERMATH_MS : SERVER_BACK_MS));
    } catch (error) {
      if (error instanceof BelayError && error.code === 'provider-unreachable' && clock.now() < deadlineAt) await clock.sleepUntil(clock.now() + SERVER_POLL_MS);
      else return `whether ${database} takes writes again could not be seen (${errorText(error)}): nothing of it is lost; ${howToLetIn(restore)}`;
    }
  }
}

async function letInAgain(restore: FailedRestore, limit: AbortSignal): Promise<string> {
  const { database } = restore;
  return await withPostgres(restore.server, limit, async (client) => {
    const { staging, stagingName, kept } = await snapshotState(client, restore);
    if (kept?.mark?.role === 'before') {
      // The switch has happened, though its end was not seen.
      await letIn(client, database, kept.mark.before);
      return '';
    }
    if (staging?.mark?.role !== 'restoring') return '';
    await letIn(client, database, staging.mark.before);
    await commentOn(client, stagingName, formatMark({ ...staging.mark, letIn: true }));
    return `${database} is as it was, and what was restored stays in ${stagingName} for a look (drop it, or run the step again)`;
  });
}

/** For a DBA, who may have neither Belay nor this rollback any more. */
export function howToLetIn(restore: FailedRestore): string {
  const { database, server } = restore;
  const live = quotedName(database);
  return (
    `${database} may still refuse writes: once the server is back, run the step again, or write in the database ${server.database ?? 'postgres'}: ` +
    `ALTER DATABASE ${live} ALLOW_CONNECTIONS true; ALTER DATABASE ${live} RESET default_transaction_read_only; DROP DATABASE IF EXISTS ${quotedName(stagingNameOf(restore))};`
  );
}
