// A small API over PostgreSQL, as the services of the examples are: `records-api.mjs PORT DATABASE_URL JOB TABLE`. What its
// release is stands in `release.json` of its working directory, which pm2 enters through the link to the release in use:
//   { version, newEndpoints: true|false, fails: [path, …] }
// A path of `fails` answers 500 with all that is below it.
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import pg from 'pg';

const [port, connectionString, job, table] = process.argv.slice(2);
const release = JSON.parse(readFileSync('release.json', 'utf8'));
const pool = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: 2_000 });
pool.on('error', () => undefined); // A restored database ends the sessions of the old one; the next query makes its own.

const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 5];
const counts = new Map();
const buckets = BUCKETS.map(() => 0);
const sum = { seconds: 0, count: 0 };
const users = { all: [], failed: [] };

const sealed = (name) => createHmac('sha256', 'a-secret-of-the-service').update(name).digest('hex');
const tokenOf = (name) => `${name}.${sealed(name)}`;
const nameOf = (authorization) => {
  const [name, seal] = (authorization ?? '').replace(/^Bearer /, '').split('.');
  return seal !== undefined && seal === sealed(name) ? name : undefined;
};

function metrics() {
  const recent = (times) => times.filter((at) => at > Date.now() - 5_000).length;
  return [
    '# TYPE http_requests_total counter',
    ...[...counts].map(([status, count]) => `http_requests_total{status="${status}"} ${count}`),
    '# TYPE http_request_duration_seconds histogram',
    ...BUCKETS.map((le, index) => `http_request_duration_seconds_bucket{le="${le}"} ${buckets[index]}`),
    `http_request_duration_seconds_bucket{le="+Inf"} ${sum.count}`,
    `http_request_duration_seconds_sum ${sum.seconds}`,
    `http_request_duration_seconds_count ${sum.count}`,
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    `app_active_users ${recent(users.all)}`,
    `app_affected_users ${recent(users.failed)}`,
    '',
  ].join('\n');
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}');
}

async function answer(request, url) {
  const path = url.pathname;
  if (path === '/health') return { json: { status: 'healthy', version: release.version } };
  if (path === '/health/db') return pool.query('SELECT 1').then(() => ({ json: { status: 'healthy' } }), () => ({ status: 503, json: { status: 'unhealthy' } }));
  if (path === '/metrics') return { text: metrics() };
  if (release.fails?.some((broken) => path === broken || path.startsWith(`${broken}/`))) throw new Error(`${path} is broken in ${release.version}`);
  if (path === '/api/login') {
    const { user, password } = await bodyOf(request);
    const { rows } = await pool.query('SELECT password_hash FROM users WHERE name = $1', [user]);
    const isKnown = rows[0]?.password_hash === `sha256$${createHash('sha256').update(String(password)).digest('hex')}`;
    return isKnown ? { json: { token: tokenOf(user) } } : { status: 401, json: { error: 'unknown' } };
  }
  const own = `/api/${table}`;
  const isNew = release.newEndpoints === true && path.startsWith(`/api/v1/${table}`);
  if (!isNew && path !== own && path !== `${own}.csv` && path !== '/api/session') return { status: 404, json: {} };
  const user = nameOf(request.headers.authorization);
  if (user === undefined) return { status: 401, json: { error: 'who are you?' } };
  if (path === '/api/session') return { json: { user } };
  if (request.method === 'POST') {
    const { title } = await bodyOf(request);
    await pool.query(`INSERT INTO ${table} (title, owner) SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM ${table} WHERE title = $1)`, [title, user]);
    return { json: { title } };
  }
  const { rows } = await pool.query(`SELECT id, title, owner FROM ${table} WHERE owner = $1 AND title LIKE $2 ORDER BY title DESC LIMIT 50`, [user, `${url.searchParams.get('title') ?? ''}%`]);
  if (path.endsWith('.csv')) return { text: ['id,title,owner', ...rows.map(({ id, title, owner }) => `${id},${title},${owner}`), ''].join('\n') };
  return { json: { [table]: rows } };
}

createServer(async (request, response) => {
  const startedMs = performance.now();
  const url = new URL(request.url, 'http://service');
  const given = await answer(request, url).catch((error) => {
    console.error(`${new Date().toISOString()} ERROR ${error.message}`);
    return { status: 500, json: { error: 'a fault of ours' } };
  });
  const { status = 200, json, text } = given;
  if (url.pathname.startsWith('/api/')) {
    const seconds = (performance.now() - startedMs) / 1_000;
    counts.set(status, (counts.get(status) ?? 0) + 1);
    BUCKETS.forEach((le, index) => (buckets[index] += seconds <= le ? 1 : 0));
    sum.seconds += seconds;
    sum.count += 1;
    users.all.push(Date.now());
    if (status >= 500) users.failed.push(Date.now());
  }
  response.writeHead(status, { 'content-type': json === undefined ? 'text/plain' : 'application/json' }).end(json === undefined ? text : JSON.stringify(json));
}).listen(Number(port), '127.0.0.1', () => console.log(`${job} ${release.version} listens`));
