import type pg from 'pg';
import { BelayError, errorText } from '../../../fault/belay-error.js';
import type { Clock } from '../../../time/clock.js';
import { withPostgres, type PostgresAddress } from '../../calls/postgres-connection.js';
import { oneAtATime } from '../../calls/one-at-a-time.js';
import type { Effort, StateChange } from '../../state-executor.js';
import type { DataCheck } from '../data-check.js';
import { allowConnections, commentOn, createLike, dropDatabase, endSessions, readDatabases, setReadOnly, type DatabaseEntry } from './database-catalog.js';
import { formatMark } from './database-mark.js';
import { hashOf, nameBeside, switchDatabases } from './database-switch.js';
import { checkKeys, checkRowCounts, invalidKeys, liftSequences, runChecksAlone } from './integrity.js';
import type { PostgresPrograms } from './postgres-programs.js';
import { howToLetIn, leaveAsItWas, letIn } from './snapshot-aftermath.js';
import { snapshotState, type SnapshotState } from './snapshot-state.js';
import { switchBack, type SwitchedDatabase } from './switch-back.js';
import type { VerifiedDump } from './verify-dump.js';
import { awaitAlone, readWriteCounts, type WriteCounts } from './written-since.js';

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
      const { live, kept } = await withPostgres(server, signal, (client) => snapshotState(client, restore));
      if (live === undefined) return { state: 'unknown', problem: `there is no database ${database} on this server` };
      if (kept !== undefined) return { state: 'applied', actual: wanted };
      return { state: 'not-applied', actual: `as it is (${sizeText(live.sizeBytes)})` };
    },
    async apply(effort) {
      await oneAtATime(`${server.url} ${database}`, effort.signal, () => bringBack(restore, effort));
    },
    async capture(signal) {
      const { live } = await withPostgres(server, signal, (client) => snapshotState(client, restore));
      return live === undefined ? undefined : ({ run, snapshotId, oid: live.oid } satisfies SwitchedDatabase);
    },
    restoring: (captured) => switchBack(restore, captured as SwitchedDatabase),
  };
}

async function bringBack(restore: SnapshotRestore, effort: Effort): Promise<void> {
  let found: SnapshotState | undefined;
  try {
    await withPostgres(restore.server, effort.signal, async (client) => {
      found = await snapshotState(client, restore);
      if (found.kept === undefined) await putInPlace(client, restore, found, effort);
    });
  } catch (error) {
    const isOver = effort.signal.aborted;
    if (found === undefined) throw isOver ? error : withWords(error, `nothing was touched by this attempt; if an earlier one was cut off, ${howToLetIn(restore)}`);
    const left = await leaveAsItWas(restore, isOver);
    // That the time is over is said anyway.
    throw isOver && left !== '' ? new BelayError('provider-refused', left, { cause: error }) : withWords(error, left);
  }
}

async function putInPlace(client: pg.Client, restore: SnapshotRestore, found: SnapshotState, effort: Effort): Promise<void> {
  const { database, snapshotId, run, clock } = restore;
  const { live } = found;
  if (live === undefined) throw new BelayError('provider-refused', `there is no database ${database} on this server`);
  const staging = await readyStaging(client, restore, found, effort);
  const { before, writes } = staging.mark?.role === 'restoring' ? staging.mark : { before: live.before, writes: undefined };
  await switchDatabases(client, {
    live,
    incoming: staging,
    keptName: nameBeside(database, 'before', hashOf(run, database, snapshotId), clock.now()),
    keptMark: { role: 'before', run, of: database, snapshot: snapshotId, replacedBy: staging.oid, comment: live.comment, before, writes },
    comment: live.comment,
    writable: before,
  });
}

/** The new database, restored and checked; one that this run has made ready before is taken as it is. */
async function readyStaging(client: pg.Client, restore: SnapshotRestore, found: SnapshotState, effort: Effort): Promise<DatabaseEntry> {
  const { database, snapshotId, run } = restore;
  const { stagingName, before } = found;
  if (found.staging?.mark?.role === 'restoring' && found.staging.mark.phase === 'ready') return found.staging;
  const dump = await restore.verify(effort);
  // A database of this name without the mark was made by this run as well, which died before it could write it.
  if (found.staging !== undefined) await discard(client, database, found.staging);
  await createLike(client, database, stagingName);
  const mark = { role: 'restoring', run, of: database, snapshot: snapshotId, before, letIn: false } as const;
  await commentOn(client, stagingName, formatMark({ ...mark, phase: 'filling' }));
  for (const { name, mark: older } of found.stoppedBy) if (name !== stagingName) await commentOn(client, name, formatMark({ ...older, letIn: true }));
  await stopWrites(client, restore);
  await fill(restore, stagingName, dump, effort);
  const writes = await examine(restore, stagingName, dump, effort.signal);
  await commentOn(client, stagingName, formatMark({ ...mark, phase: 'ready', writes }));
  return await mustFind(client, stagingName);
}

async function mustFind(client: pg.Client, database: string): Promise<DatabaseEntry> {
  const entry = (await readDatabases(client)).find(({ name }) => name === database);
  if (entry === undefined) throw new BelayError('provider-refused', `there is no database ${database} on this server any more`);
  return entry;
}

async function stopWrites(client: pg.Client, { stopWrites: how, database: name }: SnapshotRestore): Promise<void> {
  if (how === 'none') return;
  if (how === 'read-only') await setReadOnly(client, name, 'on');
  else await allowConnections(client, name, false);
  await endSessions(client, name);
}

/** Brings a dump into an empty database. */
export async function fill({ programs, jobs, options }: Pick<SnapshotRestore, 'programs' | 'jobs' | 'options'>, stagingName: string, { path, format }: VerifiedDump, effort: Effort): Promise<void> {
  if (format === 'plain') {
    await programs.run('psql', ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--single-transaction', `--file=${path}`], stagingName, effort);
    return;
  }
  const parallel = format === 'tar' || jobs === 1 ? [] : [`--jobs=${jobs}`];
  // As a connection string, the name is a name whatever it holds.
  await programs.run('pg_restore', ['--exit-on-error', '--no-password', ...parallel, ...options, `--dbname=dbname=${connectionValue(stagingName)}`, path], stagingName, effort);
}

/** Keys, row counts, sequences and the declared checks, in the new database; resolves to what was written to it. Throws `data-unsound`. */
export async function examine({ server, database, checks }: Pick<SnapshotRestore, 'server' | 'database' | 'checks'>, stagingName: string, dump: VerifiedDump, signal: AbortSignal): Promise<WriteCounts> {
  const invalidBefore = await withPostgres({ ...server, database }, signal, invalidKeys).catch(() => []);
  return await withPostgres({ ...server, database: stagingName }, signal, async (client) => {
    await checkKeys(client, new Set(invalidBefore));
    await checkRowCounts(client, dump.rows);
    await liftSequences(client);
    await runChecksAlone(client, checks);
    // Without it the first hours would run on bad plans.
    await client.query('ANALYZE');
    await awaitAlone(client, signal);
    return await readWriteCounts(client);
  });
}

async function discard(client: pg.Client, database: string, { name, mark }: DatabaseEntry): Promise<void> {
  if (mark?.role === 'restoring' && !mark.letIn) await letIn(client, database, mark.before);
  await dropDatabase(client, name);
}

function withWords(error: unknown, words: string): unknown {
  const more = words === '' ? '' : `; ${words}`;
  if (!(error instanceof BelayError)) return new BelayError('provider-refused', `PostgreSQL: ${errorText(error)}${more}`, { cause: error });
  return new BelayError(error.code, error.message + more, { context: error.context, cause: error.cause });
}

function connectionValue(name: string): string {
  return `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function sizeText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}
