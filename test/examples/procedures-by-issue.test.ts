import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { Incident } from '../../src/incident/incident.js';
import { startAnsweringServer } from '../support/answering-server.js';
import { BelayProcess } from '../support/belay-process.js';
import { exampleFiles } from '../support/example-folder.js';
import { approveNext, rungsOf } from '../support/incident-rungs.js';
import type { LineProcess } from '../support/line-process.js';
import { startPm2, type Pm2Daemon } from '../support/pm2-daemon.js';
import { pathWith, startPm2Service, type Pm2Service } from '../support/pm2-service.js';
import { startPostgres } from '../support/postgres-server.js';
import { PostgresShop } from '../support/postgres-shop.js';
import { scrapeConfig, startPrometheus } from '../support/prometheus-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';
import { startUnleash, type UnleashServer } from '../support/unleash-server.js';
import { startVisits } from '../support/visits.js';
import { worldOfFile } from '../support/world-of-file.js';

const second = 1_000;
const FLAG = 'strict-connection-flow';
const ANA = 'the-token-of-ana';
const BO = 'the-token-of-bo';
const { opened, closing } = worldOfFile();

let home: string;
let pm2: Pm2Daemon;
let app: Pm2Service;
/** The same service in staging, where the flag stands in an environment of its own. */
let staging: Pm2Service;
let unleash: UnleashServer;
let user: LineProcess;
let data: PostgresShop;
let smtp: TestSmtpServer;
let belay: BelayProcess;

/** What is wrong with release 2.6.0 at the moment: whose connections its strict flow refuses, or that nothing works. */
const fault = (kind: 'none' | 'beta' | 'everybody' | 'broken'): void => writeFileSync(join(home, 'fault'), kind);

/** A service with the SDK of Unleash. From 2.6.0 on it has the strict flow. */
const release = (version: string): string => `import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
const { startUnleash } = createRequire(${JSON.stringify(fileURLToPath(new URL('../servers/package.json', import.meta.url)))})('unleash-client');
const { UNLEASH_URL, CLIENT_TOKEN, FAULT, PORT } = process.env;
const flags = await startUnleash({ url: UNLEASH_URL + '/api/', appName: 'connections', customHeaders: { Authorization: CLIENT_TOKEN }, refreshInterval: 200, disableMetrics: true });
flags.on('error', () => undefined);
const counts = new Map();
const count = (series) => counts.set(series, (counts.get(series) ?? 0) + 1);
const isOld = ${version === '2.5.4'};
createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://app');
  if (pathname === '/health') return response.end(JSON.stringify({ status: 'healthy', version: '${version}' }));
  if (pathname === '/metrics') return response.end([...counts].map(([series, value]) => series + ' ' + value + '\\n').join(''));
  const plan = searchParams.get('plan');
  const fault = isOld ? 'none' : readFileSync(FAULT, 'utf8');
  const isStrict = !isOld && flags.isEnabled('${FLAG}', { userId: plan, properties: { plan } });
  const isRefused = isStrict && (fault === 'everybody' || fault === plan);
  const status = fault === 'broken' ? 500 : isRefused ? 422 : 200;
  if (fault !== 'broken') count('connection_validations_total{segment="' + plan + '",result="' + (isRefused ? 'failed' : 'passed') + '"}');
  count('connections_created_total{result="' + (status === 200 ? 'success' : 'failure') + '"}');
  count('http_requests_total{status="' + status + '"}');
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ validation: isStrict ? 'strict' : 'legacy' }));
}).listen(Number(PORT), '127.0.0.1');
`;

const connect = async (plan: string, { url } = app): Promise<unknown> => {
  const answer = await fetch(`${url}/connections?plan=${plan}`, { method: 'POST' });
  return { status: answer.status, ...((await answer.json()) as object) };
};
const violations = async (): Promise<number> => Number((await data.query<{ count: string }>(`SELECT count(*) FROM connections WHERE state <> 'open'`))[0]?.count);
const columns = async (): Promise<string[]> => (await data.query<{ name: string }>(`SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'connections' ORDER BY ordinal_position`)).map(({ name }) => name);
const mailTo = (address: string, text: string): Promise<unknown> => belay.until(`mail to ${address}`, 10 * second, () => Promise.resolve(smtp.mailTo(address, text)));
const ended = (plan: string): Promise<Incident> => belay.incidentOf(plan, 'over', 90 * second, ({ endedAt }) => endedAt !== undefined);

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'belay-procedures-'));
  closing(() => rmSync(home, { recursive: true, force: true }));
  fault('none');
  smtp = opened(await TestSmtpServer.start());
  unleash = opened(await startUnleash());
  const { id: beta } = (await unleash.admin('POST', '/segments', { name: 'beta', constraints: [{ contextName: 'plan', operator: 'IN', values: ['beta'] }] })) as { id: number };
  const rollout = { name: 'flexibleRollout', parameters: { rollout: '100', stickiness: 'default', groupId: FLAG } };
  await unleash.addFlag(FLAG, [{ ...rollout, segments: [beta] }, { ...rollout, constraints: [{ contextName: 'plan', operator: 'IN', values: ['stable'] }] }]);
  user = opened(await unleash.startClient());

  const postgres = opened(await startPostgres());
  data = await PostgresShop.create(postgres.url, 'connections');
  await data.query(`
    CREATE TABLE schema_migrations (version text PRIMARY KEY); INSERT INTO schema_migrations VALUES ('20240101_connections');
    CREATE TABLE connections (id int PRIMARY KEY, state text NOT NULL); INSERT INTO connections SELECT n, 'open' FROM generate_series(1, 30) n`);
  mkdirSync(join(home, 'backups'));
  data.dump(join(home, 'backups/tonight.dump'));
  const migration = (name: string, up: string, down: string): void => {
    mkdirSync(join(home, 'migrations', name), { recursive: true });
    writeFileSync(join(home, 'migrations', name, 'up.sql'), up);
    writeFileSync(join(home, 'migrations', name, 'down.sql'), down);
  };
  migration('20240101_connections', 'CREATE TABLE connections (id int PRIMARY KEY, state text NOT NULL);', 'DROP TABLE connections;');
  // It keeps what it overwrites, so that there is a way down without a loss.
  const up = `ALTER TABLE connections ADD COLUMN loose_state text; UPDATE connections SET loose_state = state;`;
  migration('20240601_strict-connection-flow', up, `UPDATE connections SET state = loose_state; ALTER TABLE connections DROP COLUMN loose_state;`);
  await data.query(`${up} INSERT INTO schema_migrations VALUES ('20240601_strict-connection-flow')`);
  const dataMetrics = opened(await startAnsweringServer());
  dataMetrics.respond = (_request, response) => {
    violations().then(
      (count) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`# TYPE connection_data_violations gauge\nconnection_data_violations ${count}\n`),
      () => response.destroy(),
    );
  };

  pm2 = opened(await startPm2());
  app = await startPm2Service(pm2, 'connections', { '2.5.4': release('2.5.4'), '2.6.0': release('2.6.0') }, '2.6.0', { UNLEASH_URL: unleash.url, CLIENT_TOKEN: unleash.clientToken, FAULT: join(home, 'fault') });
  await unleash.admin('POST', `/projects/default/features/${FLAG}/environments/production/strategies`, rollout);
  await unleash.admin('POST', `/projects/default/features/${FLAG}/environments/production/on`);
  const { secret: stagingToken } = (await unleash.admin('POST', '/api-tokens', { tokenName: 'staging', type: 'client', environment: 'production', projects: ['*'] })) as { secret: string };
  staging = await startPm2Service(pm2, 'connections-staging', { '2.6.0': release('2.6.0') }, '2.6.0', { UNLEASH_URL: unleash.url, CLIENT_TOKEN: stagingToken, FAULT: join(home, 'fault') });
  for (const plan of ['beta', 'stable']) {
    const visits = startVisits(`${app.url}/connections?plan=${plan}`, 200);
    closing(() => visits.stop());
  }
  const jobs = [scrapeConfig('api', `${app.url}/metrics`), scrapeConfig('connection-data', `${dataMetrics.url}/metrics`)];
  const prometheus = opened(await startPrometheus({ config: { scrape_configs: jobs.flatMap((job) => job['scrape_configs'] as object[]) } }));
  const hurried: readonly [string, string][] = [['hold: 2m\n  timeout: 10m', 'hold: 1s\n  timeout: 60s']];
  const windows: readonly [string, string][] = [['window: 1m', 'window: 5s'], ['for: 5m', 'for: 2s']];
  const files = exampleFiles('procedures-by-issue', {
    'belay.yaml': [['interval: 15s', 'interval: 1s']],
    'rules/issues.yaml': [...windows, ['for: 3m', 'for: 2s'], ['for: 1m', 'for: 2s']],
    'rules/beta.yaml': windows,
    'plans/1-flag-for-everybody.yaml': hurried,
    'plans/1-flag-for-beta.yaml': hurried,
    'plans/2-code.yaml': [...hurried, ['window: 1m', 'window: 5s']],
    'plans/3-database.yaml': [...hurried, ['window: 1m', 'window: 5s']],
  });
  const env = {
    BELAY_TOKEN: 'the-token-of-operations', BELAY_TOKEN_ANA: ANA, BELAY_TOKEN_BO: BO,
    PROMETHEUS_URL: prometheus.url, APP_URL: app.url, APP_HOME: app.home, PM2_HOME: pm2.home,
    UNLEASH_URL: unleash.url, UNLEASH_ENVIRONMENT: 'development', UNLEASH_ADMIN_TOKEN: unleash.adminToken, UNLEASH_CLIENT_TOKEN: unleash.clientToken,
    DATABASE_URL: data.url, MIGRATIONS: join(home, 'migrations'), BACKUPS: join(home, 'backups'), SMTP_URL: smtp.url,
  };
  const declared = files['belay.yaml'] as { readonly drills: readonly { readonly plan?: string }[] };
  const there = Object.entries({ ...env, APP_URL: staging.url, UNLEASH_ENVIRONMENT: 'production', UNLEASH_CLIENT_TOKEN: stagingToken }).map(([name, value]) => `${name}='${value}'\n`);
  belay = opened(
    await BelayProcess.start(
      {
        ...files,
        'belay.yaml': { ...declared, drills: declared.drills.map((drill) => (drill.plan === 'strict-flow-off' ? { ...drill, against: 'staging/belay.yaml', settings: 'staging/settings.env' } : drill)) },
        ...Object.fromEntries(Object.entries(files).map(([path, content]) => [`staging/${path}`, content])),
        'staging/belay.yaml': { ...declared, environment: 'staging' },
        'staging/settings.env': there.join(''),
      },
      { ...env, PATH: pathWith(pm2) },
    ),
  );
  for (const mark of [['good', '2.5.4'], ['deploy', '2.6.0']] as const) expect(await belay.cli('mark', mark[0], '--target', 'connections', '--version', mark[1])).toMatchObject({ code: 0 });
}, 180 * second);

// The incidents of these tests follow each other faster than those of a service may.
beforeEach(async () => {
  await belay.post('/api/v1/resets', {});
});

it('shows what each procedure would change, before it is ever needed', { timeout: 120 * second }, async () => {
  expect(await belay.cli('check')).toMatchObject({ code: 0 });
  const shown = async (plan: string): Promise<string> => (await belay.cli('plan', plan)).stdout;
  expect(await shown('strict-flow-off')).toMatch(/strict-connection-flow in Unleash \S+ \(development\): on → off[\s\S]*/);
  expect(await shown('strict-flow-off-for-beta')).toMatch(/strict-connection-flow .*beta.*: on → off/);
  expect(await shown('connections-release-back')).toMatch(/2\.6\.0 → 2\.5\.4/);
  expect(await shown('connections-database-back')).toMatch(/running → stopped[\s\S]*1 to reverse[\s\S]*2\.6\.0 → 2\.5\.4/);
});

it('practises both ways through the flag and the way back of the data, reading every real state and changing nothing', { timeout: 120 * second }, async () => {
  const flag = await belay.cli('drill', 'strict-flow-off-for-beta');
  expect([flag.code, flag.stderr]).toEqual([0, expect.stringMatching(/ok: Switch strict-connection-flow off for beta \(.*beta.*: on → off\n[\s\S]*ok: verification can be asked/)]);
  const database = await belay.cli('drill', 'connections-database-back');
  expect([database.code, database.stderr]).toEqual([0, expect.stringMatching(/running → stopped[\s\S]*1 to reverse[\s\S]*2\.6\.0 → 2\.5\.4/)]);
  expect(await belay.cli('drill', '--backup', 'connections-schema')).toMatchObject({ code: 0 });
  expect([await user.ask(`${FLAG} beta`), await columns(), await app.health()]).toEqual(['on', ['id', 'state', 'loose_state'], { status: 'healthy', version: '2.6.0' }]);
  expect((await belay.cli('drill')).stdout).toMatch(/strict-flow-off-for-beta +passed .*next \d{4}-\d\d-01 10:00 UTC\n *strict-flow-off +never drilled/);
  await mailTo('incident-response@example.com', 'drill');
});

it('really practises the way back through the flag in staging, by the addresses of staging, and leaves production as it is', { timeout: 120 * second }, async () => {
  expect([await connect('stable', staging), await connect('stable')]).toEqual([{ status: 200, validation: 'strict' }, { status: 200, validation: 'strict' }]);
  const drill = await belay.cli('drill', 'strict-flow-off');
  expect([drill.code, drill.stderr]).toEqual([0, expect.stringMatching(/ok: Switch strict-connection-flow off [\s\S]*ok: A new connection is validated as before [\s\S]*ok: verification /)]);
  expect([await connect('stable', staging), await connect('stable')]).toEqual([{ status: 200, validation: 'legacy' }, { status: 200, validation: 'strict' }]);
});

it('beta users are refused: the flag goes off for them, and stays on for everybody else', { timeout: 120 * second }, async () => {
  expect([await user.ask(`${FLAG} beta`), await user.ask(`${FLAG} stable`)]).toEqual(['on', 'on']);
  fault('beta');
  expect(rungsOf(await ended('strict-flow-off-for-beta'))).toEqual([['strict-flow-off-for-beta', 'automatic', 'success', 'recovered']]);
  expect([await user.ask(`${FLAG} beta`), await user.ask(`${FLAG} stable`)]).toEqual(['off', 'on']);
  expect([await connect('beta'), await connect('stable')]).toEqual([{ status: 200, validation: 'legacy' }, { status: 200, validation: 'strict' }]);
  await mailTo('incident-response@example.com', 'off for beta users');
});

it('everybody is refused: the flag goes off for all', { timeout: 120 * second }, async () => {
  fault('everybody');
  expect(rungsOf(await ended('strict-flow-off'))).toEqual([['strict-flow-off', 'automatic', 'success', 'recovered']]);
  expect([await user.ask(`${FLAG} beta`), await user.ask(`${FLAG} stable`)]).toEqual(['off', 'off']);
  expect(await connect('stable')).toEqual({ status: 200, validation: 'legacy' });
  await mailTo('support@example.com', 'off for everybody');
});

it('nobody can connect: the release before is deployed', { timeout: 120 * second }, async () => {
  fault('broken');
  expect(rungsOf(await ended('connections-release-back'))).toEqual([['connections-release-back', 'automatic', 'success', 'recovered']]);
  expect([await app.health(), await connect('stable')]).toEqual([{ status: 'healthy', version: '2.5.4' }, { status: 200, validation: 'legacy' }]);
  await mailTo('support@example.com', 'connections runs 2.5.4 again');
});

it('the migration has damaged data: two people agree, then schema, data and release are those of before, and by undo return', { timeout: 240 * second }, async () => {
  fault('none');
  await app.deploy('2.6.0');
  expect(await belay.cli('mark', 'deploy', '--target', 'connections', '--version', '2.6.0')).toMatchObject({ code: 0 });
  await data.query(`UPDATE connections SET state = 'refused' WHERE id <= 5`);
  await approveNext(belay, ANA, BO);
  const incident = await ended('connections-database-back');
  expect(rungsOf(incident)).toEqual([['connections-database-back', 'automatic', 'success', 'recovered']]);
  expect([await columns(), await violations(), await data.count('connections')]).toEqual([['id', 'state'], 0, 30]);
  expect(await data.query('SELECT version FROM schema_migrations')).toEqual([{ version: '20240101_connections' }]);
  expect([await app.health(), await connect('stable')]).toEqual([{ status: 'healthy', version: '2.5.4' }, { status: 200, validation: 'legacy' }]);
  await mailTo('support@example.com', 'Emergency maintenance of connections');
  await mailTo('support@example.com', 'The maintenance of connections is over');

  // Mended, it is tried once more: the migration and its release come back, when the two agree again.
  expect(await belay.cli('undo', incident.rungs[0]?.executionId ?? '', '--reason', 'the migration is mended')).toMatchObject({ code: 0 });
  await approveNext(belay, ANA, BO);
  await belay.incidentOf('connections-database-back', 'undone', 90 * second, ({ endedAt, rungs }) => endedAt !== undefined && rungs[0]?.undoes !== undefined);
  expect([await columns(), await app.health()]).toEqual([['id', 'state', 'loose_state'], { status: 'healthy', version: '2.6.0' }]);
});
