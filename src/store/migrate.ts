import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { BelayError } from '../fault/belay-error.js';

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Marks a SQLite file as Belay's (`pragma application_id`): "BELA". */
const APPLICATION_ID = 0x42454c41;
const MIGRATION_FILE = /^(\d{4})-[a-z0-9-]+\.sql$/;

/**
 * Brings a database up to what this program knows, each migration in a transaction of its own. Throws
 * `store-unavailable`, having written nothing, for another program's database, for one that a newer Belay has
 * written, and for one whose migrations are not the ones that this program carries.
 */
export function migrate(database: Database, path: string, now: number, directory: URL = new URL('./migrations/', import.meta.url)): void {
  const migrations = readMigrations(directory);
  refuseForeign(database, path);
  const applied = appliedMigrations(database);
  refuseUnknown(applied, migrations, path);
  for (const migration of migrations.slice(applied.length)) {
    database
      .transaction(() => {
        database.exec('create table if not exists schema_migration (version integer primary key, name text not null, checksum text not null, applied_at integer not null) strict');
        database.pragma(`application_id = ${APPLICATION_ID}`);
        database.exec(migration.sql);
        database.prepare('insert into schema_migration values (?, ?, ?, ?)').run(migration.version, migration.name, migration.checksum, now);
      })
      .immediate();
  }
}

function readMigrations(directory: URL): Migration[] {
  return readdirSync(directory)
    .filter((name) => MIGRATION_FILE.test(name))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, directory), 'utf8');
      return { version: Number(name.slice(0, 4)), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

function refuseForeign(database: Database, path: string): void {
  const id = database.pragma('application_id', { simple: true });
  const isEmpty = database.prepare('select 1 from sqlite_master limit 1').get() === undefined;
  if (id === APPLICATION_ID || (id === 0 && isEmpty)) return;
  throw new BelayError('store-unavailable', `${path} is the database of another program. It was left as it is: name another file under "store:".`, { context: { path } });
}

function appliedMigrations(database: Database): Pick<Migration, 'version' | 'name' | 'checksum'>[] {
  const hasTable = database.prepare("select 1 from sqlite_master where name = 'schema_migration'").get() !== undefined;
  if (!hasTable) return [];
  return database.prepare('select version, name, checksum from schema_migration order by version').all() as Migration[];
}

function refuseUnknown(applied: readonly Pick<Migration, 'version' | 'name' | 'checksum'>[], known: readonly Migration[], path: string): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.version > (known.at(-1)?.version ?? 0)) {
    throw new BelayError('store-unavailable', `${path} was written by a newer Belay (${newest.name}), and this one cannot read it. Run that version or a later one; the file was left as it is.`, {
      context: { path, newest: newest.name },
    });
  }
  const stranger = applied.find(({ version, checksum }, index) => known[index]?.version !== version || known[index].checksum !== checksum);
  if (stranger === undefined) return;
  throw new BelayError('store-unavailable', `${path} was written by a Belay whose ${stranger.name} differs from this one's. Run the version that wrote it; the file was left as it is.`, {
    context: { path, migration: stranger.name },
  });
}
