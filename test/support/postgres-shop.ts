import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import pg from 'pg';

/** A database with customers, their orders and the trimmings that a real one has. */
const SHOP = `
  CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL UNIQUE, shouting text GENERATED ALWAYS AS (upper(email)) STORED);
  CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id int NOT NULL REFERENCES customers (id) ON DELETE CASCADE, note text);
  CREATE TABLE audit (what text);
  CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (TG_OP); RETURN NULL; END $$;
  INSERT INTO customers (email) SELECT 'c' || n || '@example.com' FROM generate_series(1, 50) n;
  INSERT INTO orders (customer_id, note) SELECT 1 + n % 50, E'tab\\there\\nline \\\\ "quote" ' || n FROM generate_series(1, 200) n;
  CREATE TRIGGER customers_changed AFTER INSERT OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION note_change();`;

/** One database on a test server, dumped and looked at as a DBA would. */
export class PostgresShop {
  readonly url: string;
  readonly name: string;
  readonly #server: string;

  private constructor(server: string, name: string) {
    this.#server = server;
    this.name = name;
    this.url = at(server, name);
  }

  /** With these tables, or those of a shop. */
  static async create(server: string, name: string, tables = SHOP): Promise<PostgresShop> {
    const shop = new PostgresShop(server, name);
    await shop.onServer(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
    await shop.query(tables);
    return shop;
  }

  async query<T extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, database = this.name): Promise<T[]> {
    const client = new pg.Client({ connectionString: at(this.#server, database) });
    await client.connect();
    try {
      const result = (await client.query<T>(sql)) as pg.QueryResult<T> | pg.QueryResult<T>[];
      return Array.isArray(result) ? [] : result.rows;
    } finally {
      await client.end();
    }
  }

  onServer<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
    return this.query<T>(sql, 'postgres');
  }

  async count(table: string, database = this.name): Promise<number> {
    const [row] = await this.query<{ count: string }>(`SELECT count(*) FROM ${table}`, database);
    return Number(row?.count);
  }

  /** The databases whose names begin with this one's, and how they may be used. */
  databases(): Promise<{ name: string; comment: string | null; allowed: boolean }[]> {
    return this.onServer(`SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment, datallowconn AS allowed FROM pg_database WHERE datname LIKE '${this.name}%' ORDER BY datname`);
  }

  /** Dumps with pg_dump, and writes the checksum beside it. */
  dump(path: string, ...args: string[]): void {
    execFileSync('pg_dump', ['--format=custom', ...args, `--file=${path}`, this.url], { stdio: 'ignore' });
    writeSum(path);
  }
}

/** Writes what `sha256sum` would, for a file or for every file of a directory. */
export function writeSum(path: string): void {
  const sum = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
  const lines = statSync(path).isDirectory() ? readdirSync(path).map((name) => `${sum(join(path, name))}  ${basename(path)}/${name}\n`) : [`${sum(path)}  ${basename(path)}\n`];
  writeFileSync(`${path}.sha256`, lines.join(''));
}

function at(server: string, database: string): string {
  return server.replace(/\/[^/]*$/, () => `/${encodeURIComponent(database)}`);
}
