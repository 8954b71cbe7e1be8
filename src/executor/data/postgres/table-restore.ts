import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { BelayError } from '../../../fault/belay-error.js';
import { inTransaction, quotedName, withPostgres, type PostgresAddress } from '../../calls/postgres-connection.js';
import type { Effort, Reading, StateChange } from '../../state-executor.js';
import type { DataCheck } from '../data-check.js';
import { shortHash } from '../run-identity.js';
import { copyFile, findRows, type DumpedRows } from './copy-rows.js';
import { liftSequences, parseTableName, runChecks, tableText, type TableName } from './integrity.js';
import { keepTables, keptSchemas, keptTableName, type KeptTables } from './kept-tables.js';
import type { PostgresPrograms } from './postgres-programs.js';
import { lockTables, replaceRows, type TableSource } from './replace-rows.js';
import type { VerifiedDump } from './verify-dump.js';

/** What it takes to bring some tables back. */
export interface TableRestore {
  readonly address: PostgresAddress;
  readonly database: string;
  /** By table, the backup that its rows come from. */
  readonly tables: Readonly<Record<string, string>>;
  readonly run: string;
  readonly checks: readonly DataCheck[];
  readonly programs: PostgresPrograms;
  readonly verify: (id: string, effort: Effort) => Promise<VerifiedDump>;
}

interface Captured {
  readonly schema: string;
  /** By table, the file that its rows are in: to replace them all makes a new one. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Brings the rows of some tables back, all of them in one transaction: staged from the dumps, put in the place of the
 * present rows, keys checked by PostgreSQL, sequences lifted, the declared checks asked, committed. The rows that were
 * there are kept in a schema of their own, whose comment says which rollback made it.
 */
export function tableRestore(restore: TableRestore): StateChange {
  const { address, database, tables, run } = restore;
  const names = Object.keys(tables).map(parseTableName).sort((one, other) => (tableText(one) < tableText(other) ? -1 : 1));
  const schema = `belay_before_${shortHash(run, JSON.stringify(tables))}`;
  const wanted = Object.entries(tables).map(([table, backup]) => `${table} from ${backup}`).join(', ');
  return {
    subject: `tables of ${database}`,
    wanted,
    ready: async (effort) => [...(await verifyAll(restore, effort)).values()].map(({ words }) => words).join('; '),
    read: (signal) => readKept(address, schema, wanted, signal),
    async apply(effort) {
      const dumps = await verifyAll(restore, effort);
      // Named after the run, whose name nobody can guess: an attempt that died has left the rows of tables here.
      const directory = join(tmpdir(), `belay-tables-${shortHash(run, schema)}`);
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { mode: 0o700 });
      try {
        const dumped: { readonly name: TableName; readonly rows: RowsInFile }[] = [];
        for (const name of names) dumped.push({ name, rows: await dumpedRows(restore, dumps, name, directory, effort) });
        await replaceAll(restore, schema, names, effort.signal, async (client) => {
          const sources: TableSource[] = [];
          for (const { name, rows } of dumped) sources.push(await stage(client, name, rows));
          return sources;
        });
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
    capture: async (signal) => ({ schema, files: await filesOf(address, names, signal) }) satisfies Captured,
    restoring: (captured) => putBack(restore, names, captured as Captured),
  };
}

/** By backup, each of those that the rows come from, once. */
async function verifyAll({ tables, verify }: TableRestore, effort: Effort): Promise<ReadonlyMap<string, VerifiedDump>> {
  const dumps = new Map<string, VerifiedDump>();
  for (const [table, id] of Object.entries(tables)) {
    const dump = dumps.get(id) ?? (await verify(id, effort));
    mustHold(dump, parseTableName(table));
    dumps.set(id, dump);
  }
  return dumps;
}

function mustHold({ id, listing }: VerifiedDump, name: TableName): void {
  if (listing === undefined || listing.tables.has(`${name.schema} ${name.table}`)) return;
  throw new BelayError('backup-unfit', `backup ${id} has no rows of ${tableText(name)}`);
}

async function readKept(address: PostgresAddress, schema: string, wanted: string, signal: AbortSignal): Promise<Reading> {
  const kept = await withPostgres(address, signal, keptSchemas);
  return kept.has(schema) ? { state: 'applied', actual: wanted } : { state: 'not-applied', actual: 'as they are' };
}

interface RowsInFile extends DumpedRows {
  readonly path: string;
  readonly expected: number | undefined;
  readonly backup: string;
}

/** Where the rows of one table are, as lines of text; those of an archive are written out first. */
async function dumpedRows({ tables, programs }: TableRestore, dumps: ReadonlyMap<string, VerifiedDump>, name: TableName, directory: string, effort: Effort): Promise<RowsInFile> {
  const [written = '', id = ''] = Object.entries(tables).find(([table]) => tableText(parseTableName(table)) === tableText(name)) ?? [];
  const dump = dumps.get(id) as VerifiedDump;
  const path = dump.format === 'plain' ? dump.path : join(directory, shortHash(tableText(name)));
  if (dump.format !== 'plain') await programs.readArchive(['--data-only', `--schema=${name.schema}`, `--table=${name.table}`, `--file=${path}`, dump.path], effort);
  const rows = await findRows(path, name.schema, name.table, effort.signal);
  if (rows === undefined) throw new BelayError('backup-unfit', `backup ${id} has no rows of ${written} that can be copied (a dump made with --inserts can only be restored whole)`);
  return { ...rows, path, backup: id, expected: countIn(dump.rows, [written, `${name.schema}.${name.table}`, tableText(name)]) };
}

/** A table may be called `constructor`, which every object has. */
function countIn(rows: VerifiedDump['rows'], names: readonly string[]): number | undefined {
  const name = names.find((candidate) => Object.hasOwn(rows, candidate));
  return name === undefined ? undefined : rows[name];
}

/** Copies the dumped rows into a table that only this transaction sees, typed as the living one. */
async function stage(client: pg.Client, name: TableName, { path, columns, encoding, backup, expected, ...rows }: RowsInFile): Promise<TableSource> {
  const known = await client.query<{ column: string }>(
    `SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
    [quotedName(name.schema, name.table)],
  );
  const lacking = columns.filter((column) => !known.rows.some((row) => row.column === column));
  if (lacking.length > 0) throw new BelayError('provider-refused', `${tableText(name)} has no column ${lacking.join(', ')}, which backup ${backup} has: bring the schema back first, or restore the whole snapshot`);
  const staged = `belay_staged_${shortHash(tableText(name))}`;
  const list = quotedList(columns);
  await client.query(`CREATE TEMPORARY TABLE ${quotedName(staged)} ON COMMIT DROP AS SELECT ${list} FROM ${quotedName(name.schema, name.table)} WITH NO DATA`);
  await copyFile(client, `COPY pg_temp.${quotedName(staged)} (${list}) FROM STDIN WITH (FORMAT text, ENCODING '${encoding}')`, path, { ...rows, columns, encoding });
  const counted = await client.query<{ count: string }>(`SELECT count(*) AS count FROM pg_temp.${quotedName(staged)}`);
  const count = Number(counted.rows[0]?.count);
  if (expected !== undefined && count !== expected) throw new BelayError('data-unsound', `backup ${backup} has ${count} rows of ${tableText(name)}, and its manifest says ${expected}`);
  return { name, columns, from: `pg_temp.${quotedName(staged)}` };
}

/** One transaction: stages, locks, keeps what is there, replaces it, checks. */
async function replaceAll({ address, run, checks }: Pick<TableRestore, 'address' | 'run' | 'checks'>, schema: string, names: readonly TableName[], signal: AbortSignal, stageAll: (client: pg.Client) => Promise<TableSource[]>, guard?: (client: pg.Client) => Promise<void>): Promise<void> {
  await withPostgres(address, signal, (client) =>
    inTransaction(client, async () => {
      await mustBePlain(client, names);
      const sources = await stageAll(client);
      await lockTables(client, names);
      // Another attempt of the same run may have come first, and its end was not seen.
      if ((await keptSchemas(client)).has(schema)) return;
      await guard?.(client);
      await keepTables(client, schema, names, run);
      await replaceRows(client, sources);
      await liftSequences(client, names);
      if (checks.length === 0) return;
      await client.query('SET TRANSACTION READ ONLY');
      await runChecks(client, checks);
    }),
  );
}

/** Throws `provider-refused` for what is no plain table of its own. */
async function mustBePlain(client: pg.Client, names: readonly TableName[]): Promise<void> {
  for (const { schema, table } of names) {
    const { rows } = await client.query<{ kind: string; family: boolean }>(
      `SELECT c.relkind AS kind, c.relispartition OR EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)) AS family
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
      [schema, table],
    );
    const [found] = rows;
    const shown = JSON.stringify(tableText({ schema, table }).slice(0, 80));
    if (found === undefined) throw new BelayError('provider-refused', `there is no table ${shown}`);
    if (found.kind !== 'r' || found.family) throw new BelayError('provider-refused', `${shown} is ${found.kind === 'r' || found.kind === 'p' ? 'partitioned or inherits' : 'no table of rows'}, which is restored only with the whole snapshot`);
  }
}

/** The opposite: the kept rows take their place again, unless somebody has changed what was restored. */
function putBack(restore: TableRestore, names: readonly TableName[], { schema, files }: Captured): StateChange {
  const undone = `${schema}_undone`;
  const wanted = 'the rows that were there before';
  return {
    subject: `tables of ${restore.database}`,
    wanted,
    read: async (signal) => {
      // A restore that failed has replaced nothing.
      if (isDeepStrictEqual(await filesOf(restore.address, names, signal), files)) return { state: 'applied', actual: wanted };
      const reading = await readKept(restore.address, undone, wanted, signal);
      return reading.state === 'applied' ? reading : { state: 'not-applied', actual: 'as restored' };
    },
    async apply({ signal }) {
      let kept: KeptTables | undefined;
      await replaceAll(
        { ...restore, checks: [] },
        undone,
        names,
        signal,
        async (client) => {
          kept = (await keptSchemas(client)).get(schema);
          if (kept === undefined) throw new BelayError('undo-impossible', `the schema ${schema} with the rows that were there before is gone`);
          const sources: TableSource[] = [];
          for (const name of names) sources.push({ name, columns: await columnsOf(client, schema, keptTableName(name)), from: quotedName(schema, keptTableName(name)) });
          return sources;
        },
        async (client) => {
          for (const name of names) await mustBeUntouched(client, name, kept?.transaction ?? '');
        },
      );
    },
  };
}

async function filesOf(address: PostgresAddress, names: readonly TableName[], signal: AbortSignal): Promise<Record<string, string>> {
  const { rows } = await withPostgres(address, signal, (client) =>
    client.query<{ name: string; file: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_relation_filenode(c.oid)::text AS file FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY 1`,
      [names.map(({ schema }) => schema), names.map(({ table }) => table)],
    ),
  );
  return Object.fromEntries(rows.map(({ name, file }) => [name, file]));
}

async function columnsOf(client: pg.Client, schema: string, table: string): Promise<string[]> {
  const { rows } = await client.query<{ column: string }>(`SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, [quotedName(schema, table)]);
  return rows.map(({ column }) => column);
}

/** Rows carry the transaction that wrote them, so any that the restore did not write were written since. */
async function mustBeUntouched(client: pg.Client, name: TableName, transaction: string): Promise<void> {
  const { rows } = await client.query<{ changed: string }>(`SELECT count(*) AS changed FROM ${quotedName(name.schema, name.table)} WHERE xmin::text <> $1`, [transaction]);
  const changed = Number(rows[0]?.changed);
  if (changed > 0) throw new BelayError('state-drifted', `${changed} rows of ${tableText(name)} were written since it was restored; putting the old rows back would lose them`);
}

function quotedList(columns: readonly string[]): string {
  return columns.map((column) => quotedName(column)).join(', ');
}
