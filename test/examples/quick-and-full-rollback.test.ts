import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Incident } from '../../src/incident/incident.js';
import { readScenarioFile } from '../../src/scenario/read-scenario-file.js';
import { testScenario } from '../../src/scenario/scenario-result.js';
import { startAlertmanager, type AlertmanagerServer } from '../support/alertmanager-server.js';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { BelayProcess } from '../support/belay-process.js';
import { exampleFiles, examplesDirectory } from '../support/example-folder.js';
import { freePort } from '../support/free-port.js';
import { startNginx, type NginxServer } from '../support/nginx-server.js';
import { pathWith } from '../support/pm2-service.js';
import { startPostgres } from '../support/postgres-server.js';
import { PostgresShop } from '../support/postgres-shop.js';
import { scrapeConfig, startPrometheus } from '../support/prometheus-server.js';
import { RecordsApi, ReleaseHome } from '../support/release-home.js';
import { plainText } from '../support/scenario-file.js';
import { TestSlackServer } from '../support/slack-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';
import { startStatusPage, type StatusPage } from '../support/status-page.js';
import { startVisits } from '../support/visits.js';

const second = 1_000;
const ANA = 'the-token-of-ana';
const BO = 'the-token-of-bo';
const PROBE = 'probe-user';
const MIGRATION = '20251130120000_two_way_sync';
const PAGE = 'kctbh9vrtdwd';
const closers: (() => Promise<unknown>)[] = [];

const SCHEMA = `
  CREATE TABLE schema_migrations (version text PRIMARY KEY);
  CREATE TABLE users (name text PRIMARY KEY, password_hash text NOT NULL);
  CREATE TABLE entries (id serial PRIMARY KEY, title text NOT NULL, owner text NOT NULL);
  CREATE TABLE worker_log (version text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE TABLE feature_flags (flag_name text PRIMARY KEY, enabled boolean NOT NULL);
  INSERT INTO feature_flags VALUES ('two-way-sync', true), ('sync-is-off-banner', false);
  INSERT INTO users VALUES ('${PROBE}', 'sha256$${createHash('sha256').update('the-password').digest('hex')}');
  INSERT INTO entries (title, owner) SELECT 'entry ' || n, '${PROBE}' FROM generate_series(1, 30) n;`;
const UP = `
  CREATE TABLE sync_queue (id serial PRIMARY KEY, entry_id int NOT NULL);
  CREATE TABLE sync_conflicts (id serial PRIMARY KEY, entry_id int NOT NULL);
  ALTER TABLE entries ADD COLUMN synced_at timestamptz;`;
const DOWN = `DROP TABLE sync_conflicts; DROP TABLE sync_queue; ALTER TABLE entries DROP COLUMN synced_at;`;
const ASIDE = `CREATE SCHEMA set_aside; ALTER TABLE sync_queue SET SCHEMA set_aside; ALTER TABLE sync_conflicts SET SCHEMA set_aside;`;
const ASIDE_BACK = `ALTER TABLE set_aside.sync_queue SET SCHEMA public; ALTER TABLE set_aside.sync_conflicts SET SCHEMA public; DROP SCHEMA set_aside;`;

let home: ReleaseHome;
let database: PostgresShop;
let nginx: NginxServer;
let alertmanager: AlertmanagerServer;
let statusPage: StatusPage;
let cdn: AnsweringServer;
let slack: TestSlackServer;
let smtp: TestSmtpServer;
let belay: BelayProcess;
let api: RecordsApi;

function opened<T extends { stop(): Promise<unknown> }>(thing: T): T {
  closers.push(() => thing.stop());
  return thing;
}

const truth = async (question: string, name?: string): Promise<boolean> => (await database.query<{ holds: boolean }>(`SELECT (${question}) AS holds`, name))[0]!.holds;
const hasTables = (schema = 'public'): Promise<boolean> => truth(`to_regclass('${schema}.sync_queue') IS NOT NULL AND to_regclass('${schema}.sync_conflicts') IS NOT NULL`);
const migrate = async (): Promise<unknown> => (await hasTables()) || database.query(`${UP} INSERT INTO schema_migrations VALUES ('${MIGRATION}')`);
const flags = async (): Promise<unknown> => Object.fromEntries((await database.query<{ flag_name: string; enabled: boolean }>('SELECT flag_name, enabled FROM feature_flags')).map(({ flag_name: name, enabled }) => [name, enabled]));
const lastSync = async (): Promise<number> => (await database.query<{ at: Date }>('SELECT max(at) AS at FROM worker_log'))[0]!.at.getTime();
const published = (): readonly string[] => statusPage.published.map(({ status }) => status);
const siteVersion = async (): Promise<string | undefined> => /content="([^"]*)"/.exec(await (await fetch(`${nginx.url}/`, { headers: { connection: 'close' } })).text())?.[1];

/** Puts a release of backend and site in place as a deployment would. */
async function deploy(backend: string, web: string): Promise<void> {
  home.point('backend', backend);
  home.point('web', web);
  await home.pm2.pm2('reload', 'ledger-api');
  await api.serves(backend);
}

/** Starts a plan by hand, with ana and bo agreeing where they are asked, and waits for the end of its verification. */
async function byHand(plan: string): Promise<Incident> {
  const run = await belay.cli('rollback', plan, '--reason', 'the test says so');
  const asked = /approval-\S+/.exec(run.stdout)?.[0];
  if (asked !== undefined) for (const token of [ANA, BO]) expect(await belay.cliAs({ BELAY_TOKEN: token }, 'approve', asked)).toMatchObject({ code: 0 });
  return belay.incident(`${plan} by hand`, 120 * second, ({ rungs }) => {
    const last = rungs.at(-1);
    return last?.planId === plan && (last.verification?.result !== undefined || (last.outcome !== undefined && last.outcome !== 'success'));
  });
}
const wellByHand = async (plan: string): Promise<Incident> => {
  const incident = await byHand(plan);
  expect(incident.rungs.at(-1)).toMatchObject({ planId: plan, trigger: 'manual', outcome: 'success', verification: { result: { outcome: 'recovered' } } });
  return incident;
};

/** Response times of the day before, from a minute before now to a quarter of an hour after: p95 was 0.24 s. */
function yesterday(instance: string): string {
  const startedAt = Math.floor(Date.now() / second) - 24 * 60 * 60 - 60;
  const lines = ['0.1', '0.25', '+Inf'].flatMap((le) =>
    Array.from({ length: 16 * 60 }, (_, index) => `http_request_duration_seconds_bucket{job="backend",instance="${instance}",le="${le}"} ${le === '0.1' ? 0 : 10 * index} ${startedAt + index}`),
  );
  return ['# TYPE http_request_duration_seconds histogram', ...lines, '# EOF', ''].join('\n');
}

async function page(severity: string, state: 'firing' | 'resolved'): Promise<void> {
  const alert = { labels: { alertname: 'LedgerDown', severity }, ...(state === 'resolved' ? { endsAt: new Date(Date.now() - second).toISOString() } : { endsAt: new Date(Date.now() + 600 * second).toISOString() }) };
  const answer = await fetch(`${alertmanager.url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([alert]) });
  expect(answer.status).toBe(200);
}

beforeAll(async () => {
  home = opened(await ReleaseHome.create());
  database = await PostgresShop.create(opened(await startPostgres()).url, 'ledger', SCHEMA);
  for (const folder of ['store', 'backups']) {
    home.write(`${folder}/before-release.dump.json`, { database: 'ledger', rows: { users: 1, entries: 30 } });
    database.dump(home.file(`${folder}/before-release.dump`));
  }
  await migrate();
  home.write(`migrations/${MIGRATION}/up.sql`, UP);
  home.write(`migrations/${MIGRATION}/down.sql`, DOWN);
  home.write(`migrations-set-aside/${MIGRATION}/up.sql`, ASIDE_BACK);
  home.write(`migrations-set-aside/${MIGRATION}/down.sql`, ASIDE);

  const [apiPort, workerPort] = [await freePort(), await freePort()];
  api = new RecordsApi(`http://127.0.0.1:${apiPort}`);
  for (const version of ['v3.0.0', 'v4.0.0']) {
    home.write(`backend/releases/${version}/release.json`, { version });
    home.write(`sync/releases/${version}/release.json`, { version });
    home.write(`web/releases/${version}/index.html`, `<!doctype html><meta name="version" content="${version}"><title>Ledger</title>`);
  }
  home.write('backend/releases/v4.0.1/release.json', { version: 'v4.0.1', fails: ['/api'] });
  for (const what of ['backend', 'sync', 'web']) home.point(what, 'v4.0.0');
  home.write('log/api-error.log', '');
  await home.startProcesses({
    'ledger-api': { of: 'backend', program: 'records-api.mjs', args: [String(apiPort), database.url, 'backend', 'entries'], errorFile: home.file('log/api-error.log') },
    'ledger-sync': { of: 'sync', program: 'record-worker.mjs', args: [database.url, String(workerPort)] },
  });
  nginx = opened(await startNginx([`root ${home.file('web/current')};`, `location /api/ { proxy_pass ${api.url}; }`, 'location / { }']));
  cdn = opened(await startAnsweringServer('{}'));
  statusPage = await startStatusPage(PAGE, 'the-token-of-the-page');
  closers.push(() => statusPage.close());
  smtp = opened(await TestSmtpServer.start());
  slack = opened(await TestSlackServer.start());
  alertmanager = opened(await startAlertmanager({ route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] }));
  const prometheus = opened(await startPrometheus({ config: scrapeConfig('backend', `${api.url}/metrics`), openMetrics: yesterday(new URL(api.url).host) }));

  // The windows are proved by the scenarios of examples/triggers/sync-runbook, the half hour by those of the example itself.
  const soon: readonly [string, string][] = [['hold: 2m', 'hold: 2s'], ['timeout: 10m\n', 'timeout: 30s\n']];
  const files = exampleFiles('quick-and-full-rollback', {
    'belay.yaml': [['interval: 15s', 'interval: 1s'], ['{ type: alertmanager,', '{ type: alertmanager, settle: 1s,']],
    'rules/backend.yaml': [
      ['window: 1m', 'window: 5s'],
      ['[1m]', '[5s]'],
      ['for: 5m\n    severity: critical\n    level: 3\n    annotations: { summary: "${value} of the requests fail" }', 'for: 2s\n    severity: critical\n    level: 3\n    annotations: { summary: "${value} of the requests fail" }'],
    ],
    'plans/sync.yaml': [['hold: 2m', 'hold: 2s'], ['      timeout: 10m\n', '      timeout: 30s\n']],
    'plans/database.yaml': soon,
    'plans/rollbacks.yaml': [['hold: 30m', 'hold: 3s'], ['timeout: 60m', 'timeout: 60s'], ['interval: 30s', 'interval: 500ms'], ['window: 1m', 'window: 5s'], ['window: 5m', 'window: 10s'], ['[5m]', '[10s]'], ['"60"]', '"2"]']],
  });
  belay = opened(
    await BelayProcess.start(files, {
      PATH: pathWith(home.pm2), BELAY_TOKEN_ANA: ANA, BELAY_TOKEN_BO: BO,
      LEDGER_HOME: home.path, PM2_HOME: home.pm2.home, API_LOG: home.file('log/api-error.log'),
      API_URL: api.url, WORKER_URL: `http://127.0.0.1:${workerPort}`, SITE_URL: nginx.url, CDN_URL: cdn.url, CDN_TOKEN: 'the-token-of-the-cdn',
      DATABASE_URL: database.url, BACKUPS: home.file('backups'), BACKUP_STORE: home.file('store'),
      PROMETHEUS_URL: prometheus.url, ALERTMANAGER_URL: alertmanager.url,
      STATUSPAGE_URL: statusPage.url, STATUSPAGE_PAGE: PAGE, STATUSPAGE_TOKEN: 'the-token-of-the-page',
      PROBE_USER: PROBE, PROBE_PASSWORD: 'the-password', PROBE_TOKEN: await api.login(PROBE, 'the-password'),
      SLACK_TOKEN: 'xoxb-the-token', SLACK_CHANNEL: '#incidents', SLACK_API_URL: slack.apiUrl, SMTP_URL: smtp.url,
    }),
  );
  for (const target of ['backend', 'sync-worker', 'web']) expect(await belay.cli('mark', 'good', '--target', target, '--version', 'v3.0.0')).toMatchObject({ code: 0 });
  closers.push(() => visits.stop());
  const visits = startVisits(`${api.url}/api/entries`, 100);
}, 120 * second);

afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60 * second);

describe('examples/quick-and-full-rollback on PostgreSQL, pm2, nginx, Prometheus and Alertmanager', { timeout: 240 * second }, () => {
  it('is checked without an error or a warning, and every plan says what it would change', async () => {
    expect(await belay.cli('check')).toMatchObject({ code: 0, stderr: '' });
    const shown: Record<string, readonly RegExp[]> = {
      'sync-off': [/worker sync-worker .*: running → stopped/, /flag two-way-sync .*: on → off/, /flag sync-is-off-banner .*: off → on/],
      'sync-release-back': [/running → stopped[\s\S]*deployment of sync-worker in production: v4\.0\.0 → v3\.0\.0/],
      'quick-rollback': [/running → stopped[\s\S]*no open incident → investigating[\s\S]*backend in production: v4\.0\.0 → v3\.0\.0[\s\S]*web in production: v4\.0\.0 → v3\.0\.0/, /budget 10m/],
      'full-rollback': [/worker backend .*: running → stopped/, /schema of ledger: at \S+two_way_sync \(1 to reverse\) → without/, /budget 30m/],
      'full-restore': [/database ledger: as it is .* → restored from before-release/],
      'backend-only': [/v4\.0\.0 → v3\.0\.0/],
      'web-only': [/v4\.0\.0 → v3\.0\.0/],
      'schema-back': [/check tables are empty: at present ok/, /\(1 to reverse\)/],
      'schema-set-aside': [/\(1 to reverse\)/],
      'set-aside-drop': [/already as wanted/],
      'all-clear': [/incident "Ledger: .*" on the status page: already resolved/],
    };
    for (const [plan, lines] of Object.entries(shown)) {
      const { stdout, stderr, code } = await belay.cli('plan', plan);
      expect(code, stderr).toBe(0);
      for (const line of lines) expect(stdout).toMatch(line);
    }
  });

  it('stops the sync worker first and is back on the release before, with the site; recovered is what no P1 denies', async () => {
    await page('P1', 'firing');
    const begunAt = Date.now();
    await deploy('v4.0.1', 'v4.0.0');
    const verifying = await belay.incident('verifying', 90 * second, ({ rungs }) => rungs[0]?.outcome !== undefined);
    expect(verifying.rungs).toMatchObject([{ planId: 'quick-rollback', trigger: 'automatic', outcome: 'success' }]);
    expect([await api.version(), await siteVersion(), await home.status('ledger-sync'), await flags()]).toEqual(['v3.0.0', 'v3.0.0', 'stopped', { 'two-way-sync': false, 'sync-is-off-banner': true }]);
    const steps = verifying.rungs[0]!.steps;
    expect(steps.map(({ key }) => key)).toEqual([...['stop', 'flag-off', 'banner'].map((id) => `sync-off/${id}`), ...['announce', 'tell', 'backend', 'web', 'caches', 'login', 'read', 'write', 'frontend', 'rows', 'find', 'export', 'watched'].map((id) => `quick-rollback/${id}`)]);
    // Nothing was carried over once releases began to change.
    expect(await lastSync()).toBeLessThan(steps.find(({ key }) => key === 'quick-rollback/backend')!.startedAt!);
    expect(cdn.requests).toMatchObject([{ method: 'POST', url: '/purge', headers: { authorization: 'Bearer the-token-of-the-cdn' } }]);
    expect(published()).toEqual(['investigating', 'monitoring']);

    // It is well in every point but one for longer than it must be: a P1 alert fires.
    await new Promise((resolve) => setTimeout(resolve, 8 * second));
    expect((await belay.incidents())[0]).toMatchObject({ status: 'verifying' });
    await page('P1', 'resolved');
    const incident = await belay.incident('recovered', 60 * second, ({ status }) => status === 'recovered' || status === 'needs-human');
    const { result } = incident.rungs[0]!.verification!;
    expect([incident.status, result?.outcome, result?.results.map(({ name, status }) => `${name} ${status}`)]).toEqual([
      'recovered',
      'recovered',
      ['1: backend ok', '1: database ok', '7: no errors in the log ok', '8: errors ok', '8: p95 ok', "8: p95 against yesterday's ok", '10: memory ok', '10: no P1 or P2 fires ok', 'alert BackendErrorRateHigh ok'],
    ]);
    expect(readFileSync(home.file('log/api-error.log'), 'utf8')).toMatch(/ERROR \/api\/entries is broken in v4\.0\.1/);
    expect(Date.now() - begunAt).toBeLessThan(600 * second);
    await belay.until('Slack', 20 * second, async () => JSON.stringify(slack.messages).includes('Rolling the ledger back to v3.0.0') || undefined);
  });

  it('scenario A: the sync worker alone, off or on the release before', async () => {
    expect(await home.status('ledger-sync')).toBe('stopped');
    await wellByHand('sync-release-back');
    expect([await home.status('ledger-sync'), await flags()]).toEqual(['online', { 'two-way-sync': true, 'sync-is-off-banner': false }]);
    expect((await database.query<{ version: string }>('SELECT version FROM worker_log ORDER BY at DESC LIMIT 1'))[0]?.version).toBe('v3.0.0');

    await wellByHand('sync-off');
    const stoppedAt = await lastSync();
    expect([await home.status('ledger-sync'), await flags(), await lastSync()]).toEqual(['stopped', { 'two-way-sync': false, 'sync-is-off-banner': true }, stoppedAt]);
  });

  it('scenarios B and C: the backend alone, and the site alone', async () => {
    await deploy('v4.0.0', 'v4.0.0');
    await wellByHand('web-only');
    expect([await api.version(), await siteVersion()]).toEqual(['v4.0.0', 'v3.0.0']);

    await deploy('v4.0.0', 'v4.0.0');
    await wellByHand('backend-only');
    expect([await api.version(), await siteVersion()]).toEqual(['v3.0.0', 'v4.0.0']);
  });

  it('database scenarios 1 and 2: empty tables are dropped, others set aside, and dropped when nobody needs them', async () => {
    await database.query('INSERT INTO sync_queue (entry_id) VALUES (1), (2)');
    const refused = await byHand('schema-back');
    expect(refused.rungs.at(-1)).toMatchObject({ planId: 'schema-back', outcome: 'failed' });
    expect(await hasTables()).toBe(true);
    // Nothing was touched, and the backend is well, so that is that.
    await belay.incident('over', 30 * second, ({ id, endedAt }) => id === refused.id && endedAt !== undefined);

    await wellByHand('schema-set-aside');
    expect([await hasTables(), await hasTables('set_aside'), await truth('SELECT count(*) = 2 FROM set_aside.sync_queue')]).toEqual([false, true, true]);
    await wellByHand('set-aside-drop');
    expect(await hasTables('set_aside')).toBe(false);

    await database.query(`ALTER TABLE entries DROP COLUMN synced_at`);
    await migrate();
    await wellByHand('schema-back');
    expect([await hasTables(), await truth('SELECT NOT EXISTS (SELECT FROM schema_migrations)')]).toEqual([false, true]);
  });

  it('the full rollback stops all, reverses the migration, and brings both releases back', async () => {
    await migrate();
    await database.query('INSERT INTO sync_queue (entry_id) VALUES (1)');
    await deploy('v4.0.0', 'v4.0.0');
    await wellByHand('full-rollback');
    expect([await hasTables(), await api.version(), await siteVersion(), await home.status('ledger-sync'), await home.status('ledger-api')]).toEqual([false, 'v3.0.0', 'v3.0.0', 'stopped', 'online']);
    expect(await truth('SELECT count(*) >= 30 FROM entries')).toBe(true);
  });

  it('database scenario 3: corrupted data comes back from a backup, fetched and verified; what was there is kept', async () => {
    await migrate();
    await deploy('v4.0.0', 'v4.0.0');
    await database.query(`UPDATE entries SET title = 'garbage', owner = 'nobody'; DELETE FROM entries WHERE id > 10`);
    for (const ending of ['dump', 'dump.sha256', 'dump.json']) rmSync(home.file(`backups/before-release.${ending}`));
    await wellByHand('full-restore');
    expect(existsSync(home.file('backups/before-release.dump'))).toBe(true);
    expect([await truth(`SELECT count(*) >= 30 AND bool_and(owner = '${PROBE}') FROM entries`), await hasTables(), await api.version()]).toEqual([true, false, 'v3.0.0']);
    const kept = (await database.databases()).find(({ name }) => name.startsWith('ledger_before_'));
    expect(await truth(`SELECT bool_and(owner = 'nobody') FROM entries`, kept!.name)).toBe(true);
  });

  it('a backup that is not what its checksum says is refused before anything is stopped', async () => {
    copyFileSync(home.file('store/before-release.dump'), home.file('backups/before-release.dump'));
    appendFileSync(home.file('backups/before-release.dump'), 'x');
    const run = await byHand('full-restore');
    expect(run.rungs.at(-1)?.error ?? JSON.stringify(run)).toMatch(/checksum|sha256/i);
    expect([await home.status('ledger-api'), published().at(-1)]).toEqual(['online', 'monitoring']);
    expect(await belay.cli('close', run.id, '--reason', 'the backup is broken')).toMatchObject({ code: 0 });
  });

  it('says on the status page that it is over, and never a secret', async () => {
    await belay.cli('rollback', 'all-clear', '--reason', 'it was quiet');
    expect(published().at(-1)).toBe('resolved');
    const said = belay.log + JSON.stringify(slack.messages) + smtp.mails.map(({ text }) => text).join('') + readFileSync(join(belay.directory, 'belay.db')).toString('latin1');
    for (const secret of [ANA, BO, 'the-password', 'the-token-of-the-cdn', 'the-token-of-the-page', 'xoxb-the-token']) expect(said).not.toContain(secret);
  });
});

it('watches for half an hour without a break: the scenarios of the example are well', async () => {
  const folder = join(examplesDirectory, 'quick-and-full-rollback');
  const file = await readScenarioFile(join(folder, 'scenarios.yaml'), join(folder, 'belay.yaml'));
  if (!file.ok) throw new Error(JSON.stringify(file.problems, undefined, 2));
  expect(file.scenarios.length).toBeGreaterThanOrEqual(3);
  for (const scenario of file.scenarios) {
    const result = await testScenario(scenario, file.config);
    expect(result.ok, plainText(result, folder)).toBe(true);
  }
});
