import type pg from 'pg';
import { BelayError, errorText } from '../../../fault/belay-error.js';
import type { Clock } from '../../../time/clock.js';
import { withPostgres, type PostgresAddress } from '../../calls/postgres-connection.js';
import { oneAtATime } from '../../calls/one-at-a-time.js';
import type { Effort, Reading, StateChange } from '../../state-executor.js';
import type { DataCheck } from '../data-check.js';
import { allowConnections, commentOn, createLike, dropDatabase, endSessions, readDatabases, setReadOnly, type DatabaseEntry } from './database-catalog.js';
import { formatMark } from './database-mark.js';
import { hashOf, nameBeside, switchDatabases } from './database-switch.js';
import { checkKeys, checkRowCounts, invalidKeys, liftSequences, runChecksAlone } from './integrity.js';
import type { PostgresPrograms } from './postgres-programs.js';
import type { VerifiedDump } from './verify-dump.js';

/** What it takes to bring a whole database back. */
export interface SnapshotRestore {
  /** A database of the same server that nothing is done to, from which the others are renamed. */
  readonly server: PostgresAddress;
  /** The database that is brought back. */
  readonly database: string;
  readonly snapshotId: string;
  readonly run: string;
  readonly stopWrites: 'read-only' | 'no-connections' | 'none';
  readonly checks: readonly DataCheck[];
  readonly jobs: number;
  readonly options: readonly string[];
  readonly programs: PostgresPrograms;
  readonly clock: Clock;
  readonly verify: (effort: Effort) => Promise<VerifiedDump>;
}

interface Captured {
  readonly run: string;
  readonly snapshotId: string;
  /** The database that was in use. */
  readonly oid: string;
}

/** Within the time that an executor has to stop once its signal has aborted. */
const AFTERMATH_MS = 2_500;
/** A server that has crashed needs a while to be back. */
const SERVER_BACK_MS = 15_000;
const SERVER_POLL_MS = 250;

/**
 * Brings a whole database back: the dump is restored into a new database beside the living one, checked there, and takes
 * its place by rename; the old one is kept. What has been done stands in the names and comments of the databases
 * themselves, so a run that died at any point is found as it is and carried on.
 */
export function snapshotRestore(restore: SnapshotRestore): StateChange {
  const { server, database, snapshotId, run, verify } = restore;
  const wanted = `restored from ${snapshotId}`;
  return {
    subject: `database ${database}`,
    wanted,
    ready: async (effort) => (await verify(effort)).words,
    async read(signal) {
      const { live, kept } = await withPostgres(server, signal, (client) => lookAt(client, restore));
      if (live === undefined) return { state: 'unknown', problem: `there is no database ${database} on this server` };
      if (kept !== undefined) return { state: 'applied', actual: wanted };
      return { state: 'not-applied', actual: `as it is (${sizeText(live.sizeBytes)})` };
    },
    async apply(effort) {
      await oneAtATime(`${server.url} ${database}`, effort.signal, () => bringBack(restore, effort));
    },
    async capture(signal) {
      const { live } = await withPostgres(server, signal, (client) => lookAt(client, restore));
      return live === undefined ? undefined : ({ run, snapshotId, oid: live.oid } satisfies Captured);
    },
    restoring: (captured) => switchBack(restore, captured as Captured),
  };
}

interface Found {
  readonly live: DatabaseEntry | undefined;
  /** The database that this run has taken out of use, while what it put there is still in use. */
  readonly kept: DatabaseEntry | undefined;
  readonly staging: DatabaseEntry | undefined;
  readonly stagingName: string;
}

async function lookAt(client: pg.Client, { database, snapshotId, run }: Pick<SnapshotRestore, 'database' | 'snapshotId' | 'run'>): Promise<Found> {
  const databases = await readDatabases(client);
  const live = databases.find(({ name }) => name === database);
  const kept = databases.find(({ mark }) => mark?.role === 'before' && mark.run === run && mark.snapshot === snapshotId && mark.of === database && mark.replacedBy === live?.oid);
  const stagingName = nameBeside(database, 'restoring', hashOf(run, database, snapshotId));
  return { live, kept, staging: databases.find(({ name }) => name === stagingName), stagingName };
}

async function bringBack(restore: SnapshotRestore, effort: Effort): Promise<void> {
  const { server, database, snapshotId, run, clock } = restore;
  await withPostgres(server, effort.signal, async (client) => {
    const found = await lookAt(client, restore);
    const { live, stagingName } = found;
    if (live === undefined) throw new BelayError('provider-refused', `there is no database ${database} on this server`);
    if (found.kept !== undefined) return;
    try {
      const staging = await readyStaging(client, restore, found, effort);
      const before = staging.mark?.role === 'restoring' ? staging.mark.before : live.before;
      await switchDatabases(client, {
        live,
        incoming: staging,
        keptName: nameBeside(database, 'before', hashOf(run, database, snapshotId), clock.now()),
        keptMark: { role: 'before', run, of: database, snapshot: snapshotId, replacedBy: staging.oid, comment: live.comment, before },
        comment: live.comment,
        writable: before,
      });
    } catch (error) {
      const left = await leaveAsItWas(restore, stagingName, effort.signal);
      effort.signal.throwIfAborted();
      throw withWords(error, left);
    }
  });
}

/** The new database, restored and checked; one that this run has made ready before is taken as it is. */
async function readyStaging(client: pg.Client, restore: SnapshotRestore, found: Found, effort: Effort): Promise<DatabaseEntry> {
  const { database, snapshotId, run } = restore;
  const { stagingName } = found;
  const live = found.live as DatabaseEntry;
  if (found.staging?.mark?.role === 'restoring' && found.staging.mark.phase === 'ready') return found.staging;
  const dump = await restore.verify(effort);
  // A database of this name without the mark was made by this run as well, which died before it could write it.
  if (found.staging !== undefined) await discard(client, database, found.staging);
  const before = (await mustFind(client, database)).before;
  await createLike(client, database, stagingName);
  const mark = { role: 'restoring', run, of: database, snapshot: snapshotId, before } as const;
  await commentOn(client, stagingName, formatMark({ ...mark, phase: 'filling' }));
  await stopWrites(client, restore, live.name);
  await fill(restore, stagingName, dump, effort);
  await examine(restore, stagingName, dump, effort.signal);
  await commentOn(client, stagingName, formatMark({ ...mark, phase: 'ready' }));
  return await mustFind(client, stagingName);
}

async function mustFind(client: pg.Client, database: string): Promise<DatabaseEntry> {
  const entry = (await readDatabases(client)).find(({ name }) => name === database);
  if (entry === undefined) throw new BelayError('provider-refused', `there is no database ${database} on this server any more`);
  return entry;
}

async function stopWrites(client: pg.Client, { stopWrites: how }: SnapshotRestore, name: string): Promise<void> {
  if (how === 'none') return;
  if (how === 'read-only') await setReadOnly(client, name, 'on');
  else await allowConnections(client, name, false);
  await endSessions(client, name);
}

async function fill({ programs, jobs, options }: SnapshotRestore, stagingName: string, { path, format }: VerifiedDump, effort: Effort): Promise<void> {
  if (format === 'plain') {
    await programs.run('psql', ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--single-transaction', `--file=${path}`], stagingName, effort);
    return;
  }
  const parallel = format === 'tar' || jobs === 1 ? [] : [`--jobs=${jobs}`];
  // As a connection string, the name is a name whatever it holds.
  await programs.run('pg_restore', ['--exit-on-error', '--no-password', ...parallel, ...options, `--dbname=dbname=${connectionValue(stagingName)}`, path], stagingName, effort);
}

/** Keys, row counts, sequences and the declared checks, in the new database. Throws `data-unsound`. */
async function examine({ server, database, checks }: SnapshotRestore, stagingName: string, dump: VerifiedDump, signal: AbortSignal): Promise<void> {
  const invalidBefore = await withPostgres({ ...server, database }, signal, invalidKeys).catch(() => []);
  await withPostgres({ ...server, database: stagingName }, signal, async (client) => {
    await checkKeys(client, new Set(invalidBefore));
    await checkRowCounts(client, dump.rows);
    await liftSequences(client);
    await runChecksAlone(client, checks);
    // Without it the first hours would run on bad plans.
    await client.query('ANALYZE');
  });
}

async function discard(client: pg.Client, database: string, { name, mark }: DatabaseEntry): Promise<void> {
  if (mark?.role === 'restoring') await letIn(client, database, mark.before);
  await dropDatabase(client, name);
}

async function letIn(client: pg.Client, database: string, before: DatabaseEntry['before']): Promise<void> {
  await allowConnections(client, database, before.allowConnections);
  await setReadOnly(client, database, before.readOnly);
}

/** A restore that failed leaves the living database as it found it. Resolves to what a person should know. */
async function leaveAsItWas(restore: SnapshotRestore, stagingName: string, signal: AbortSignal): Promise<string> {
  const { database, clock } = restore;
  const limit = AbortSignal.timeout(signal.aborted ? AFTERMATH_MS : SERVER_BACK_MS);
  const letInAgain = (): Promise<string> =>
    withPostgres(restore.server, limit, async (client) => {
      const { staging, kept } = await lookAt(client, restore);
      if (kept !== undefined || staging?.mark?.role !== 'restoring') return '';
      await letIn(client, database, staging.mark.before);
      return `; ${database} is as it was, and what was restored stays in ${stagingName} for a look (drop it, or run the step again)`;
    });
  try {
    for (;;) {
      try {
        return await letInAgain();
      } catch (error) {
        if (!(error instanceof BelayError) || error.code !== 'provider-unreachable') throw error;
        await clock.sleepUntil(clock.now() + SERVER_POLL_MS, limit);
      }
    }
  } catch (error) {
    return `; whether ${database} takes writes again could not be seen (${errorText(error)}): nothing of it is lost, and when the server is back, run the step again, or write ALTER DATABASE ${database} RESET default_transaction_read_only; ALTER DATABASE ${database} ALLOW_CONNECTIONS true; and drop ${stagingName}`;
  }
}

function withWords(error: unknown, words: string): unknown {
  if (!(error instanceof BelayError)) return new BelayError('provider-refused', `PostgreSQL: ${errorText(error)}${words}`, { cause: error });
  return new BelayError(error.code, error.message + words, { context: error.context, cause: error.cause });
}

/** The opposite: what was kept takes its place again, and what was restored is kept with all that was written to it since. */
function switchBack(restore: SnapshotRestore, captured: Captured): StateChange {
  const { server, database, clock } = restore;
  const wanted = 'as it was before';
  const asThen = { database, run: captured.run, snapshotId: captured.snapshotId };
  return {
    subject: `database ${database}`,
    wanted,
    async read(signal): Promise<Reading> {
      const databases = await withPostgres(server, signal, readDatabases);
      const live = databases.find(({ name }) => name === database);
      return live?.oid === captured.oid ? { state: 'applied', actual: wanted } : { state: 'not-applied', actual: `restored from ${captured.snapshotId}` };
    },
    async apply({ signal }) {
      await withPostgres(server, signal, async (client) => {
        const { live, kept } = await lookAt(client, asThen);
        if (live === undefined || kept?.mark?.role !== 'before') throw new BelayError('undo-impossible', `the database that was kept of ${database} is no longer on this server`);
        try {
          await switchDatabases(client, {
            live,
            incoming: kept,
            keptName: nameBeside(database, 'undone', hashOf(captured.run, database, captured.snapshotId), clock.now()),
            keptMark: { role: 'undone', run: captured.run, of: database, snapshot: captured.snapshotId, replacedBy: kept.oid, comment: live.comment, before: live.before },
            comment: kept.mark.comment,
            writable: kept.mark.before,
          });
        } catch (error) {
          await withPostgres(server, AbortSignal.timeout(AFTERMATH_MS), (again) => allowConnections(again, database, live.before.allowConnections)).catch(() => undefined);
          throw error;
        }
      });
    },
  };
}

function connectionValue(name: string): string {
  return `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function sizeText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}
