import type pg from 'pg';
import { BelayError } from '../../../fault/belay-error.js';
import { inTransaction, postgresWords, quotedName } from '../../calls/postgres-connection.js';
import { instantInName, shortHash } from '../run-identity.js';
import { allowConnections, commentOn, endSessions, setReadOnly, type DatabaseEntry } from './database-catalog.js';
import { formatMark, type DatabaseMark, type WritableBefore } from './database-mark.js';

const MOST_NAME_BYTES = 63;
const MOST_TRIES = 5;
/** PostgreSQL: the object is in use. */
const IN_USE = '55006';

/** Which database takes the place of which. */
export interface DatabaseSwitch {
  readonly live: DatabaseEntry;
  readonly incoming: DatabaseEntry;
  /** The name under which the present one is kept, and what it then says of itself. */
  readonly keptName: string;
  readonly keptMark: DatabaseMark;
  /** What the incoming one gets: its comment, and whether it may be written to. */
  readonly comment: string | null;
  readonly writable: WritableBefore;
}

/** `shop_restoring_3f2a…`, `shop_before_20261125T101553Z_3f2a…`: never longer than a name may be. */
export function nameBeside(live: string, what: string, hash: string, at?: number): string {
  const ending = `_${what}${at === undefined ? '' : `_${instantInName(at)}`}_${hash}`;
  const room = MOST_NAME_BYTES - Buffer.byteLength(ending);
  // A letter that is cut in the middle is left out.
  const base = Buffer.byteLength(live) <= room ? live : new TextDecoder().decode(Buffer.from(live).subarray(0, room), { stream: true });
  return base + ending;
}

export function hashOf(run: string, live: string, snapshot: string): string {
  return shortHash(run, live, snapshot);
}

/**
 * Puts one database in the place of another by two renames in one transaction: whoever connects finds the old one, is
 * refused for a moment, or finds the new one. Connections are refused first and sessions ended, since PostgreSQL renames
 * nothing that is in use. The caller lets connections in again where this throws.
 */
export async function switchDatabases(client: pg.Client, { live, incoming, keptName, keptMark, comment, writable }: DatabaseSwitch): Promise<void> {
  await allowConnections(client, live.name, false);
  for (let attempt = 1; ; attempt += 1) {
    await endSessions(client, live.name);
    await endSessions(client, incoming.name);
    try {
      await inTransaction(client, async () => {
        await client.query(`ALTER DATABASE ${quotedName(live.name)} RENAME TO ${quotedName(keptName)}`);
        await client.query(`ALTER DATABASE ${quotedName(incoming.name)} RENAME TO ${quotedName(live.name)}`);
        await commentOn(client, keptName, formatMark(keptMark));
        await commentOn(client, live.name, comment);
        await setReadOnly(client, live.name, writable.readOnly);
        await allowConnections(client, live.name, writable.allowConnections);
        // What is kept can be looked at, and is not written to by accident.
        await setReadOnly(client, keptName, 'on');
        await allowConnections(client, keptName, true);
      });
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== IN_USE || attempt === MOST_TRIES) throw inUseOr(error, live.name);
    }
  }
}

function inUseOr(error: unknown, name: string): unknown {
  if ((error as { code?: unknown }).code !== IN_USE) return error;
  return new BelayError('provider-refused', `PostgreSQL does not rename ${name}: ${postgresWords(error)}; end what uses it (a prepared transaction is finished with COMMIT PREPARED or ROLLBACK PREPARED), then run the step again`, { cause: error });
}
