// Questions to the database of DATABASE_URL, asked through psql.
//   sql.mjs holds "SELECT …"      exit 0 where the first value is true, 1 where it is false
//   sql.mjs rows-as-in MANIFEST   exit 0 where every table has at least the rows that a backup's manifest counts
//   sql.mjs run "…"               runs it, in one transaction
// What cannot be told exits with 2.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { hostname, port, username, password, pathname } = new URL(process.env.DATABASE_URL);
// The password goes by the environment: what stands in an argument list can be read by everybody on the machine.
const env = { ...process.env, PGHOST: hostname, PGPORT: port || '5432', PGUSER: decodeURIComponent(username), PGPASSWORD: decodeURIComponent(password), PGDATABASE: decodeURIComponent(pathname.slice(1)) };
const ask = (sql) => execFileSync('psql', ['-XqAt', '--no-password', '--set=ON_ERROR_STOP=1', '--single-transaction', '-c', sql], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
const quoted = (table) => table.split('.').map((part) => `"${part.replaceAll('"', '""')}"`).join('.');

const [verb, argument] = process.argv.slice(2);
try {
  if (verb === 'run') ask(argument);
  else if (verb === 'holds') {
    const answer = ask(argument);
    if (answer !== 't') console.log(`${argument}: ${answer}`);
    process.exitCode = answer === 't' ? 0 : answer === 'f' ? 1 : 2;
  } else if (verb === 'rows-as-in') {
    for (const [table, before] of Object.entries(JSON.parse(readFileSync(argument, 'utf8')).rows)) {
      const now = Number(ask(`SELECT count(*) FROM ${quoted(table)}`));
      if (now >= before) continue;
      console.log(`${table} has ${now} rows, and had ${before}`);
      process.exitCode = 1;
    }
  } else throw new Error('write holds, rows-as-in or run');
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
