// A worker that writes into a table again and again until it is stopped: `record-worker.mjs DATABASE_URL PORT`. It is well
// as long as it can write.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import pg from 'pg';

const [connectionString, port] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('release.json', 'utf8'));
const pool = new pg.Pool({ connectionString, max: 1 });
pool.on('error', () => undefined);
let problem;
createServer((_request, response) => response.writeHead(problem === undefined ? 200 : 503).end(JSON.stringify({ version, problem }))).listen(Number(port), '127.0.0.1');
setInterval(() => {
  pool.query('INSERT INTO worker_log (version) VALUES ($1)', [version]).then(
    () => (problem = undefined),
    (error) => (problem = error.message),
  );
}, 100);
