import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/http/guard-api.js';
import type { Incident } from '../../src/incident/incident.js';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { BelayProcess } from '../support/belay-process.js';
import { exampleFiles } from '../support/example-folder.js';
import { freePort } from '../support/free-port.js';
import { GitRepo } from '../support/git-repo.js';
import { startNginx, type NginxServer } from '../support/nginx-server.js';
import { pathWith } from '../support/pm2-service.js';
import { startPostgres } from '../support/postgres-server.js';
import { PostgresShop } from '../support/postgres-shop.js';
import { scrapeConfig, startPrometheus } from '../support/prometheus-server.js';
import { RecordsApi, ReleaseHome } from '../support/release-home.js';
import { TestSlackServer } from '../support/slack-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';
import { startVisits } from '../support/visits.js';

const second = 1_000;
const ANA = 'the-token-of-ana';
const BO = 'the-token-of-bo';
const PROBE = 'probe-user';
const closers: (() => Promise<unknown>)[] = [];

const hashOf = (password: string): string => `sha256$${createHash('sha256').update(password).digest('hex')}`;
const SCHEMA = `
  CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
  CREATE TABLE users (name text PRIMARY KEY, password_hash text NOT NULL, role text NOT NULL DEFAULT 'member');
  CREATE TABLE tasks (id serial PRIMARY KEY, title text NOT NULL, owner text NOT NULL, status text NOT NULL DEFAULT 'open');
  CREATE TABLE task_tags (task_id int NOT NULL REFERENCES tasks (id), tag text NOT NULL);
  CREATE TABLE worker_log (version text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
  INSERT INTO schema_migrations VALUES ('20260101000000');
  INSERT INTO users (name, password_hash) VALUES ('${PROBE}', '${hashOf('the-password')}'), ('eve', '${hashOf('another')}');
  INSERT INTO tasks (title, owner) SELECT 'task ' || n, CASE n % 2 WHEN 0 THEN '${PROBE}' ELSE 'eve' END FROM generate_series(1, 40) n;
  INSERT INTO task_tags SELECT id, 'urgent' FROM tasks WHERE id % 5 = 0;`;
const UUID_IDS = `-- migrate:up
ALTER TABLE task_tags DROP CONSTRAINT task_tags_task_id_fkey;
ALTER TABLE tasks ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id TYPE text USING id::text;
ALTER TABLE tasks ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;

-- migrate:down
UPDATE tasks SET id = nextval('tasks_id_seq')::text WHERE id !~ '^[0-9]+$';
ALTER TABLE tasks ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id TYPE integer USING id::integer;
ALTER TABLE tasks ALTER COLUMN id SET DEFAULT nextval('tasks_id_seq');
ALTER TABLE task_tags ADD CONSTRAINT task_tags_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id);
`;

let home: ReleaseHome;
let database: PostgresShop;
let nginx: NginxServer;
let cdn: AnsweringServer;
let smtp: TestSmtpServer;
let slack: TestSlackServer;
let belay: BelayProcess;
let config: GitRepo;
let api: RecordsApi;
let probe: { readonly authorization: string };

function opened<T extends { stop(): Promise<unknown> }>(thing: T): T {
  closers.push(() => thing.stop());
  return thing;
}

const idType = async (): Promise<string> => (await database.query<{ data_type: string }>("SELECT data_type FROM information_schema.columns WHERE table_name = 'tasks' AND column_name = 'id'"))[0]!.data_type;
const flagIs = (): string => (JSON.parse(readFileSync(home.file('flags.json'), 'utf8')) as { flags: { 'new-board': { defaultVariant: string } } }).flags['new-board'].defaultVariant;
const site = async (path: string): Promise<Response> => fetch(`${nginx.url}${path}`, { headers: { ...probe, connection: 'close' } });

const count = async (where: string, name?: string): Promise<number> => Number((await database.query<{ count: string }>(`SELECT count(*) FROM tasks WHERE ${where}`, name))[0]?.count);

/** Puts a release of the API in place as a deployment would. */
async function deploy(version: string): Promise<void> {
  home.point('api', version);
  await home.pm2.pm2('reload', 'task-api');
  await api.serves(version);
}

/** Starts a plan by hand, as an operator, with ana and bo agreeing where they are asked, and waits for the end of its incident. */
async function byHand(plan: string): Promise<Incident> {
  const run = await belay.cli('rollback', plan, '--reason', 'the test says so');
  const asked = /approval-\S+/.exec(run.stdout)?.[0];
  if (asked !== undefined) for (const token of [ANA, BO]) expect(await belay.cliAs({ BELAY_TOKEN: token }, 'approve', asked)).toMatchObject({ code: 0 });
  return belay.incidentOf(plan, 'by hand', 90 * second, ({ status }) => ['recovered', 'closed', 'needs-human'].includes(status));
}
async function wellByHand(plan: string): Promise<void> {
  expect((await byHand(plan)).rungs.at(-1)).toMatchObject({ planId: plan, outcome: 'success', verification: { result: { outcome: 'recovered' } } });
}

beforeAll(async () => {
  home = opened(await ReleaseHome.create());
  const { pm2 } = home;
  database = await PostgresShop.create(opened(await startPostgres()).url, 'tasks', SCHEMA);
  const databaseUrl = `${database.url}?sslmode=disable`; // dbmate asks for TLS unless told.
  home.write('backups/pre-migration.dump.json', { rows: { users: 2, tasks: 40, task_tags: 8 } });
  database.dump(home.file('backups/pre-migration.dump'));
  home.write('migrations/20260101000000_begin.sql', '-- migrate:up\n\n-- migrate:down\n');
  home.write('migrations/20260301090000_uuid_ids.sql', UUID_IDS);
  execFileSync(join(dirname(pm2.program), 'dbmate'), ['--no-dump-schema', '--migrations-dir', home.file('migrations'), 'up'], { env: { ...process.env, DATABASE_URL: databaseUrl } });

  const [apiPort, indexerPort] = [await freePort(), await freePort()];
  api = new RecordsApi(`http://127.0.0.1:${apiPort}`);
  home.write('api/releases/v2.4.0/release.json', { version: 'v2.4.0' });
  home.write('api/releases/v3.0.0/release.json', { version: 'v3.0.0', newEndpoints: true });
  home.write('api/releases/v3.0.1/release.json', { version: 'v3.0.1', newEndpoints: true, fails: ['/api/v1'] });
  home.write('api/releases/v3.0.2/release.json', { version: 'v3.0.2', newEndpoints: true, fails: ['/api'] });
  home.point('api', 'v3.0.0');
  for (const version of ['v2.4.0', 'v3.0.0']) {
    home.write(`web/releases/${version}/index.html`, `<!doctype html><meta name="version" content="${version}"><title>Tasks</title>`);
    home.write(`web/releases/${version}/version.json`, { version });
    home.write(`web/releases/${version}/board/index.html`, 'the new board');
  }
  home.point('web', 'v3.0.0');
  home.write('web/settings.json', { api: { base: '/api/v1' }, title: 'Tasks' });
  home.write('maintenance.html', 'We are back soon.');
  home.write('flags.json', { flags: { 'new-board': { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } } });
  config = new GitRepo(home.file('config'));
  config.commit({ 'task-api.env': 'IDS=integer\n' }, 'pre-migration');
  config.commit({ 'task-api.env': 'IDS=uuid\n' });

  await home.startProcesses({
    'task-api': { of: 'api', program: 'records-api.mjs', args: [String(apiPort), database.url, 'task-api', 'tasks'] },
    'board-indexer': { of: 'api', program: 'record-worker.mjs', args: [database.url, String(indexerPort)] },
  });
  nginx = opened(
    await startNginx([
      `include ${home.file('nginx')}/*.conf;`,
      `root ${home.file('web/current')};`,
      'error_page 503 /maintenance.html;',
      `location = /maintenance.html { root ${home.path}; }`,
      `location /api/ { proxy_pass ${api.url}; }`,
      `location / { if (-f ${home.file('clear-site-data')}) { add_header Clear-Site-Data '"cache", "storage"'; } }`,
    ]),
  );
  mkdirSync(home.file('nginx'));
  cdn = opened(await startAnsweringServer('{}'));
  smtp = opened(await TestSmtpServer.start());
  slack = opened(await TestSlackServer.start());
  const prometheus = opened(await startPrometheus({ config: scrapeConfig('task-api', `${api.url}/metrics`) }));

  const env = {
    TASKS_HOME: home.path,
    PM2_HOME: pm2.home,
    BACKUPS: home.file('backups'),
    API_URL: api.url,
    SITE_URL: nginx.url,
    PROMETHEUS_URL: prometheus.url,
    DATABASE_URL: databaseUrl,
    CDN_URL: cdn.url,
    CDN_TOKEN: 'the-token-of-the-cdn',
    PROBE_USER: PROBE,
    PROBE_PASSWORD: 'the-password',
    PROBE_TOKEN: await api.login(PROBE, 'the-password'),
    SLACK_TOKEN: 'xoxb-the-token',
    SLACK_CHANNEL: '#incidents',
    SLACK_API_URL: slack.apiUrl,
    SMTP_URL: smtp.url,
    BELAY_TOKEN_ANA: ANA,
    BELAY_TOKEN_BO: BO,
  };
  probe = { authorization: `Bearer ${env.PROBE_TOKEN}` };
  // The windows are proved by the scenarios of examples/triggers/migration; here they are short, and all else is as it stands.
  const soon: readonly [string, string][] = [['hold: 2m', 'hold: 2s'], ['timeout: 10m', 'timeout: 20s']];
  const files = exampleFiles('migration-issues', {
    'belay.yaml': [['interval: 15s', 'interval: 1s'], ['    probe:', `    test: ${JSON.stringify([...nginx.argv, '-t'])}\n    reload: ${JSON.stringify([...nginx.argv, '-s', 'reload'])}\n    probe:`]],
    'rules/task-api.yaml': [['for: 2m', 'for: 2s'], ['window: 1m', 'window: 5s'], ['[1m]', '[5s]']],
    'plans/1-preserve.yaml': [['hold: 2m', 'hold: 2s'], ['timeout: 8m', 'timeout: 14s']],
    'plans/1-reopen.yaml': soon,
    'plans/2-data-back.yaml': soon,
    'plans/2-schema-back.yaml': soon,
    'plans/3-release-back.yaml': soon,
    'plans/4-web-back.yaml': soon,
    'plans/5-all-back.yaml': [['hold: 2h', 'hold: 3s'], ['timeout: 4h', 'timeout: 60s'], ['interval: 1m', 'interval: 500ms'], ['window: 1m', 'window: 5s'], ['window: 5m', 'window: 5s']],
  });
  belay = opened(await BelayProcess.start(files, { ...env, PATH: pathWith(pm2) }));
  for (const target of ['task-api', 'task-web']) expect(await belay.cli('mark', 'good', '--target', target, '--version', 'v2.4.0')).toMatchObject({ code: 0 });
}, 120 * second);

afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60 * second);

describe('examples/migration-issues on PostgreSQL, pm2, nginx, git, dbmate and Prometheus', { timeout: 240 * second }, () => {
  it('is checked without an error or a warning, and every plan says what it would change', async () => {
    expect(await belay.cli('check')).toMatchObject({ code: 0, stderr: '' });
    const shown: Record<string, readonly RegExp[]> = {
      'before-migration': [/check backup: at present ok/, /check settings: at present ok/, /check login: at present ok/],
      'task-api-preserve': [/gateway at \/api\/v1, \/board.*: open → blocked, then reload/, /flag new-board.*: on → off/, /worker board-indexer.*: running → stopped/],
      'task-api-reopen': [/already running/, /already on/, /already open/],
      'task-api-data-back': [/database tasks: as it is .* → restored from pre-migration, then what writes starts again/, /login: at present ok/],
      'task-api-schema-back': [/schema of tasks: at 20260301090000\S* \(1 to reverse\) → without uuid_ids/],
      'task-api-release-back': [/configuration of task-api.* → pre-migration/, /deployment of task-api in production: v3\.0\.0 → v2\.4\.0/],
      'task-web-back': [/deployment of task-web in production: v3\.0\.0 → v2\.4\.0/, /\/api\/v1.* → .*\/api/, /run touch/],
      'tasks-all-back': [/v3\.0\.0 → v2\.4\.0[\s\S]*support@example\.com/],
    };
    for (const [plan, lines] of Object.entries(shown)) {
      const { stdout, stderr, code } = await belay.cli('plan', plan);
      expect(code, stderr).toBe(0);
      for (const line of lines) expect(stdout).toMatch(line);
    }
  });

  it('says beforehand whether there is a way back', async () => {
    expect(await belay.cli('rollback', 'before-migration')).toMatchObject({ code: 0 });
    renameSync(home.file('backups/pre-migration.dump.sha256'), home.file('sum'));
    const lacking = await belay.cli('rollback', 'before-migration');
    expect([lacking.code, lacking.stderr]).toEqual([1, expect.stringMatching(/pre-migration.*checksum/)]);
    renameSync(home.file('sum'), home.file('backups/pre-migration.dump.sha256'));
  });

  it('practises the way back before the migration: the backup is restored where nobody uses it, and its data are looked at', async () => {
    const before = (await database.databases()).map(({ name }) => name);
    const backup = await belay.cli('drill', '--backup', 'task-db');
    expect([backup.code, backup.stderr]).toEqual([0, expect.stringMatching(/pre-migration\.dump was restored into a database of its own, its keys, rows and checks are well/)]);
    expect((await database.databases()).map(({ name }) => name)).toEqual(before);
    // Its verification asks for the share of errors and for latency, which there are only where there is traffic.
    const visits = startVisits(`${nginx.url}/api/tasks`);
    await belay.until('traffic that Prometheus has seen', 30 * second, async () => {
      const query = new URLSearchParams({ query: 'sum(rate(http_requests_total{job="task-api"}[5s])) and sum(rate(http_request_duration_seconds_count{job="task-api"}[5s])) > 0' });
      const { data } = (await (await fetch(`${belay.environment['PROMETHEUS_URL']}/api/v1/query?${query.toString()}`)).json()) as { readonly data: { readonly result: readonly unknown[] } };
      return data.result.length > 0 || undefined;
    });
    const plan = await belay.cli('drill', 'tasks-all-back').finally(() => visits.stop());
    expect([plan.code, plan.stderr]).toEqual([0, expect.stringMatching(/open → blocked[\s\S]*restored from pre-migration[\s\S]*v3\.0\.0 → v2\.4\.0[\s\S]*ok: verification can be asked/)]);
    expect([await api.version(), flagIs(), await idType()]).toEqual(['v3.0.0', 'on', 'text']);
  });

  it('preserves the service when the new endpoints fail: 503 there, a maintenance page, less work, and all else goes on', async () => {
    const visits = [startVisits(`${nginx.url}/api/v1/tasks`), startVisits(`${nginx.url}/api/tasks`)];
    await deploy('v3.0.1');
    const incident = await belay.incident('recovered', 90 * second, ({ status, target }) => target === 'task-api' && (status === 'recovered' || status === 'needs-human'));
    expect(incident.rungs).toMatchObject([{ planId: 'task-api-preserve', outcome: 'success', verification: { result: { outcome: 'recovered' } } }]);
    const closed = await site('/board/');
    expect([(await site('/api/v1/tasks')).status, closed.status, await closed.text(), (await site('/api/tasks')).status, (await site('/')).status]).toEqual([503, 503, 'We are back soon.', 200, 200]);
    expect([flagIs(), await home.status('board-indexer')]).toEqual(['off', 'stopped']);
    await Promise.all(visits.map((one) => one.stop()));
    await belay.until('Slack', 20 * second, async () => JSON.stringify(slack.messages).includes('the new endpoints are being closed') || undefined);
  });

  it('is opened by hand when the migration goes on', async () => {
    await deploy('v3.0.0');
    await wellByHand('task-api-reopen');
    expect([(await site('/api/v1/tasks')).status, (await site('/board/')).status, flagIs(), await home.status('board-indexer')]).toEqual([200, 200, 'on', 'online']);
  });

  it('goes on to the release before, with its settings, where that does not help', async () => {
    expect(await belay.cli('reset', '--target', 'task-api')).toMatchObject({ code: 0 });
    const visits = startVisits(`${nginx.url}/api/tasks`, 40);
    await deploy('v3.0.2');
    const incident = await belay.incident('recovered', 120 * second, ({ status, rungs }) => rungs.length === 2 && (status === 'recovered' || status === 'needs-human'));
    expect(incident.rungs).toMatchObject([
      { planId: 'task-api-preserve', outcome: 'success', verification: { result: { outcome: 'not-recovered' } } },
      { planId: 'task-api-release-back', outcome: 'success', verification: { result: { outcome: 'recovered' } } },
    ]);
    expect(await api.version()).toBe('v2.4.0');
    expect(readFileSync(home.file('config/task-api.env'), 'utf8')).toBe('IDS=integer\n');
    expect(config.git('status', '--porcelain')).toBe('');
    expect((await site('/api/tasks')).status).toBe(200);
    await visits.stop();
  });

  it('reverses the schema alone, once two people agree', async () => {
    expect(await idType()).toBe('text');
    await wellByHand('task-api-schema-back');
    expect([await idType(), await count('true')]).toEqual(['integer', 41]);
    expect(await home.status('task-api')).toBe('online');
  });

  it('restores the data of before, checked beside the present one, which is kept; a restore that fails leaves all as it was', async () => {
    await database.query("UPDATE tasks SET title = '', owner = 'nobody'; UPDATE users SET password_hash = ''");
    const damaged = await count('true');
    const manifest = readFileSync(home.file('backups/pre-migration.dump.json'), 'utf8');
    home.write('backups/pre-migration.dump.json', { rows: { tasks: 999 } });
    const refused = (await byHand('task-api-data-back')).rungs.at(-1);
    expect([refused?.outcome, refused?.steps[0]?.error]).toEqual(['failed', expect.stringContaining('tasks has 40 rows after the restore, and had 999')]);
    expect([await home.status('task-api'), await count("owner = 'nobody'"), (await database.databases()).some(({ name }) => name.startsWith('tasks_before_'))]).toEqual(['online', damaged, false]);

    home.write('backups/pre-migration.dump.json', manifest);
    await wellByHand('task-api-data-back');
    expect(await count(`owner = '${PROBE}' AND title <> ''`)).toBe(20);
    const kept = (await database.databases()).find(({ name }) => name.startsWith('tasks_before_'));
    expect(await count("owner = 'nobody'", kept!.name)).toBe(damaged);
    // What is made next has an id of its own: the sequence stands behind the largest.
    expect((await database.query<{ id: number }>("INSERT INTO tasks (title, owner) VALUES ('next', 'eve') RETURNING id"))[0]?.id).toBe(41);
  });

  it('brings the site back, on stable endpoints and out of every cache', async () => {
    await wellByHand('task-web-back');
    const page = await site('/');
    expect([await page.text(), page.headers.get('clear-site-data')]).toEqual([expect.stringContaining('content="v2.4.0"'), '"cache", "storage"']);
    expect(JSON.parse(readFileSync(home.file('web/settings.json'), 'utf8'))).toEqual({ api: { base: '/api' }, title: 'Tasks' });
    expect(cdn.requests).toMatchObject([{ method: 'POST', url: '/purge', headers: { authorization: 'Bearer the-token-of-the-cdn' }, body: '{"everything":true}' }]);
  });

  it('takes all of it back at once, and tells support', async () => {
    // Somebody who takes it in hand keeps Belay from beginning with the lowest level meanwhile.
    expect(await belay.cli('pause', '--target', 'task-api', '--reason', 'all goes back by hand')).toMatchObject({ code: 0 });
    await deploy('v3.0.2');
    home.point('web', 'v3.0.0');
    await database.query("UPDATE tasks SET owner = 'nobody'");
    const visits = startVisits(`${nginx.url}/api/tasks`, 200);
    await wellByHand('tasks-all-back');
    await visits.stop();
    expect([await api.version(), (await (await site('/version.json')).json()), (await site('/board/')).status]).toEqual(['v2.4.0', { version: 'v2.4.0' }, 503]);
    expect(await count("owner = 'nobody'")).toBe(0);
    const mail = await belay.until('the mail to support', 20 * second, async () => smtp.mails.find(({ envelopeTo }) => envelopeTo.includes('support@example.com')));
    expect(mail.text).toContain('as it was before the migration');
    expect(existsSync(home.file('clear-site-data'))).toBe(true);
    const { approvals } = await belay.get<StatusView>('/api/v1/status');
    expect(approvals).toEqual([]);
    for (const secret of [ANA, BO, 'the-password', 'the-token-of-the-cdn', 'xoxb-the-token']) expect(belay.log + JSON.stringify(slack.messages) + smtp.mails.map(({ text }) => text).join('')).not.toContain(secret);
  });
});
