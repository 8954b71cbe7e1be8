import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { BelayProcess } from '../support/belay-process.js';
import { exampleFiles } from '../support/example-folder.js';
import { GitRepo } from '../support/git-repo.js';
import { approveNext, rungsOf } from '../support/incident-rungs.js';
import { startPm2, type Pm2Daemon } from '../support/pm2-daemon.js';
import { pathWith, releaseCode, startPm2Service, type Pm2Service } from '../support/pm2-service.js';
import { startPostgres } from '../support/postgres-server.js';
import { PostgresShop, writeSum } from '../support/postgres-shop.js';
import { scrapeConfig, startPrometheus } from '../support/prometheus-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';
import { startStatusPage, type StatusPage } from '../support/status-page.js';
import { startVisits } from '../support/visits.js';
import { worldOfFile } from '../support/world-of-file.js';

const second = 1_000;
const ANA = 'the-token-of-ana';
const BO = 'the-token-of-bo';
const { opened, closing } = worldOfFile();

let home: string;
let pm2: Pm2Daemon;
let app: Pm2Service;
let data: PostgresShop;
let dataMetrics: AnsweringServer;
let configuration: GitRepo;
let smtp: TestSmtpServer;
let statusPage: StatusPage;
let belay: BelayProcess;

const flag = (): string => (JSON.parse(readFileSync(join(home, 'flags.json'), 'utf8')) as { flags: { 'new-search': { defaultVariant: string } } }).flags['new-search'].defaultVariant;
const limits = (): string => readFileSync(join(configuration.directory, 'config/limits.json'), 'utf8');
const upload = (name: string): string => join(app.home, 'uploads', name);
const damagedRows = async (): Promise<number> => Number((await data.query<{ count: string }>('SELECT count(*) FROM orders WHERE note IS NULL'))[0]?.count);
const migrations = async (): Promise<string[]> => (await data.query<{ version: string }>('SELECT version FROM schema_migrations ORDER BY version')).map(({ version }) => version);
const mailTo = (address: string, text: string): Promise<unknown> => belay.until(`mail to ${address}`, 10 * second, () => Promise.resolve(smtp.mailTo(address, text)));

/** The commands that the plans call, as an application has them. They know the database and the folders by themselves. */
function scripts(version: string): void {
  const folder = join(app.home, 'releases', version);
  const run = (command: string): string => `node validate.mjs ${command}`;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts: { 'cache:clear': run('clear'), 'config:validate': run('config'), 'health:check': run('health'), 'db:validate': run('db'), 'system:validate': run('system') } }));
  writeFileSync(
    join(folder, 'validate.mjs'),
    `import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
const isConfigured = () => JSON.parse(readFileSync(${JSON.stringify(join(home, 'config/config/limits.json'))}, 'utf8')).perSecond > 0;
const isDataWell = () => execFileSync('psql', ['-XtAc', 'SELECT count(*) FROM orders WHERE note IS NULL', ${JSON.stringify(data.url)}], { encoding: 'utf8' }).trim() === '0';
const areUploadsThere = () => existsSync(${JSON.stringify(join(app.home, 'uploads/avatar.png'))});
const isHealthy = async () => (await fetch(${JSON.stringify(`${app.url}/health`)})).ok;
const checks = {
  clear: () => (rmSync(${JSON.stringify(join(app.home, 'cache'))}, { recursive: true }), true),
  config: isConfigured, health: isHealthy, db: isDataWell,
  system: async () => isConfigured() && isDataWell() && areUploadsThere() && (await isHealthy()),
};
process.exit((await checks[process.argv[2]]()) ? 0 : 1);
`,
  );
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'belay-levels-'));
  closing(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'flags.json'), JSON.stringify({ flags: { 'new-search': { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } } }));
  smtp = opened(await TestSmtpServer.start());
  statusPage = await startStatusPage('p1', 'the-token-of-the-page');
  closing(() => statusPage.close());
  configuration = new GitRepo(join(home, 'config'));
  configuration.commit({ 'config/limits.json': '{"perSecond":100}\n' }, 'config-stable');
  configuration.commit({ 'config/limits.json': '{"perSecond":0}\n' });
  configuration.git('config', 'user.name', 'Belay');
  configuration.git('config', 'user.email', 'belay@example.com');

  pm2 = opened(await startPm2());
  const ok = `return { status: 200, body: 'found' };`;
  app = await startPm2Service(pm2, 'core-api', { '1.2.3-stable': releaseCode('1.2.3-stable', ok), '1.3.0': releaseCode('1.3.0', `if (path.startsWith('/search')) return { status: 500, body: 'broken' }; ${ok}`) }, '1.3.0');
  mkdirSync(join(app.home, 'cache'));

  // The database: one migration, the nightly dump, then the migration of 1.3.0.
  const postgres = opened(await startPostgres());
  data = await PostgresShop.create(postgres.url, 'core');
  const migration = (version: string, up: string, down: string): void => writeFileSync(join(home, 'migrations', `${version}.sql`), `-- migrate:up\n${up}\n\n-- migrate:down\n${down}\n`);
  const migrate = (): unknown => execFileSync(join(dirname(pm2.program), 'dbmate'), ['--no-dump-schema', '--migrations-dir', join(home, 'migrations'), 'up'], { env: { ...process.env, DATABASE_URL: `${data.url}?sslmode=disable` }, stdio: 'ignore' });
  mkdirSync(join(home, 'migrations'));
  migration('20230601090000_couriers', 'CREATE TABLE couriers (id int);', 'DROP TABLE couriers;');
  migrate();
  mkdirSync(join(home, 'backups/core'), { recursive: true });
  data.dump(join(home, 'backups/core/prod-nightly.dump'));
  migration('20240101120000_nicknames', 'ALTER TABLE customers ADD COLUMN nickname text;', 'ALTER TABLE customers DROP COLUMN nickname;');
  migrate();
  for (const folder of [join(home, 'backups/uploads/prod-nightly'), join(app.home, 'uploads')]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'avatar.png'), 'a picture');
  }
  writeSum(join(home, 'backups/uploads/prod-nightly'));
  dataMetrics = opened(await startAnsweringServer());
  dataMetrics.respond = (_request, response) => {
    const tell = async (): Promise<void> => void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`# TYPE data_integrity_violations gauge\ndata_integrity_violations ${(await damagedRows()) + (existsSync(upload('avatar.png')) ? 0 : 1)}\n`);
    tell().catch(() => response.destroy()); // The database is being switched.
  };
  for (const version of ['1.2.3-stable', '1.3.0']) scripts(version);

  const jobs = [scrapeConfig('core-api', `${app.url}/metrics`), scrapeConfig('core-data', `${dataMetrics.url}/metrics`)];
  const prometheus = opened(await startPrometheus({ config: { scrape_configs: jobs.flatMap((job) => job['scrape_configs'] as object[]) } }));
  mkdirSync(join(home, 'reports'));
  const hurried = (verification: string, timeout: string): [string, string][] => [[verification, `hold: 1s\n  timeout: ${timeout}`]];
  belay = opened(
    await BelayProcess.start(
      exampleFiles('five-levels', {
        'belay.yaml': [['interval: 15s', 'interval: 1s']],
        'rules/core-api.yaml': [['window: 1m', 'window: 4s'], ['[1m]', '[4s]'], ['for: 5m', 'for: 2s']],
        'rules/judged.yaml': [['for: 1m', 'for: 2s']],
        'plans/level-1-flag.yaml': hurried('hold: 1m\n  timeout: 3m', '5s'),
        'plans/level-2-configuration.yaml': hurried('hold: 1m\n  timeout: 3m', '5s'),
        'plans/level-3-code.yaml': hurried('hold: 2m\n  timeout: 10m', '15s'),
        'plans/level-4-database.yaml': hurried('hold: 2m\n  timeout: 10m', '15s'),
        'plans/level-5-system.yaml': hurried('hold: 2m\n  timeout: 10m', '60s'),
      }),
      {
        PATH: pathWith(pm2), BELAY_TOKEN: 'the-token-of-operations', BELAY_TOKEN_ANA: ANA, BELAY_TOKEN_BO: BO,
        PROMETHEUS_URL: prometheus.url, APP_URL: app.url, APP_HOME: app.home, PM2_HOME: pm2.home, FLAGS_FILE: join(home, 'flags.json'), CONFIG_REPO: configuration.directory,
        DATABASE_URL: `${data.url}?sslmode=disable`, MIGRATIONS: join(home, 'migrations'), BACKUPS: join(home, 'backups'), REPORTS: join(home, 'reports'),
        SMTP_URL: smtp.url, STATUSPAGE_PAGE: 'p1', STATUSPAGE_TOKEN: 'the-token-of-the-page', STATUSPAGE_URL: statusPage.url,
      },
    ),
  );
  expect(await belay.cli('mark', 'good', '--target', 'core-api', '--version', '1.2.3-stable', '--config-version', 'config-stable', '--snapshot', 'prod-nightly')).toMatchObject({ code: 0 });
  expect(await belay.cli('mark', 'deploy', '--target', 'core-api', '--version', '1.3.0')).toMatchObject({ code: 0 });
}, 120 * second);

it('shows what each level would change, before it is ever needed', { timeout: 120 * second }, async () => {
  expect(await belay.cli('check')).toMatchObject({ code: 0 });
  const shown = async (plan: string): Promise<string> => (await belay.cli('plan', plan)).stdout;
  expect(await shown('level-1-flag-off')).toMatch(/before-rollback[\s\S]*new-search in \S+: on → off[\s\S]*cache:clear/);
  expect(await shown('level-2-configuration-back')).toMatch(/→ .*HEAD~1/);
  expect(await shown('level-3-release-back')).toMatch(/1\.3\.0 → 1\.2\.3-stable/);
  expect(await shown('level-4-database-back')).toMatch(/running → stopped[\s\S]*20240101120000_nicknames[\s\S]*→ [\s\S]*prod-nightly/);
  expect(await shown('level-5-system-back')).toMatch(/prod-nightly[\s\S]*config-stable[\s\S]*1\.3\.0 → 1\.2\.3-stable/);

  const practice = await belay.cli('rollback', 'level-5-system-back', '--dry-run', '--reason', 'practice');
  expect(practice).toMatchObject({ code: 0, stdout: expect.stringMatching(/backup prod-nightly is verified[\s\S]*snapshot prod-nightly is verified: 1 files[\s\S]*would-have\n$/) as string });
  expect([flag(), await app.health(), statusPage.published]).toEqual(['on', { status: 'healthy', version: '1.3.0' }, []]);
});

it('errors go up from the flag over the configuration to the release, each tried and seen not to help', { timeout: 180 * second }, async () => {
  const visits = startVisits(`${app.url}/search`);
  const incident = await belay.incidentOf('level-1-flag-off', 'over', 120 * second, ({ endedAt }) => endedAt !== undefined).finally(() => visits.stop());
  expect(rungsOf(incident)).toEqual([
    ['level-1-flag-off', 'automatic', 'success', 'not-recovered'],
    ['level-2-configuration-back', 'automatic', 'success', 'not-recovered'],
    ['level-3-release-back', 'automatic', 'success', 'recovered'],
  ]);

  expect([flag(), existsSync(join(app.home, 'cache'))]).toEqual(['off', false]);
  expect([limits(), configuration.git('status', '--porcelain')]).toEqual(['{"perSecond":100}\n', '']);
  expect([await app.health(), (await fetch(`${app.url}/search`)).status]).toEqual([{ status: 'healthy', version: '1.2.3-stable' }, 200]);
  await mailTo('incident-commander@example.com', 'ROLLBACK of core-api begins, level 1');
  await mailTo('ops@example.com', 'core-api runs 1.2.3-stable again');
  expect(statusPage.published.map(({ status }) => status)).toEqual(['investigating', 'monitoring', 'investigating', 'monitoring', 'investigating', 'monitoring']);
});

it('broken data go up from the release over the database to the whole system, and people agree to the upper two', { timeout: 240 * second }, async () => {
  await app.deploy('1.3.0');
  expect(await belay.cli('mark', 'deploy', '--target', 'core-api', '--version', '1.3.0')).toMatchObject({ code: 0 });
  expect(await belay.cli('reset', '--target', 'core-api')).toMatchObject({ code: 0 });
  configuration.commit({ 'config/limits.json': '{"perSecond":1}\n' });
  await data.query('UPDATE orders SET note = NULL WHERE id <= 10');
  rmSync(upload('avatar.png'));

  await approveNext(belay, ANA);
  await belay.incident('level 4', 90 * second, ({ rungs }) => rungs[1]?.verification !== undefined);
  // The migration alone did not mend the rows, so the snapshot was restored; the picture is still missing.
  expect([await migrations(), await damagedRows(), existsSync(upload('avatar.png'))]).toEqual([['20230601090000'], 0, false]);
  await approveNext(belay, ANA, BO);
  const incident = await belay.incidentOf('level-3-release-back', 'over', 120 * second, ({ endedAt }) => endedAt !== undefined);
  expect(rungsOf(incident)).toEqual([
    ['level-3-release-back', 'automatic', 'success', 'not-recovered'],
    ['level-4-database-back', 'automatic', 'success', 'not-recovered'],
    ['level-5-system-back', 'automatic', 'success', 'recovered'],
  ]);
  const stepsOf = (rung: number): Record<string, string> => Object.fromEntries((incident.rungs[rung]?.steps ?? []).map(({ key, status }) => [key.split('/')[1] ?? '', status]));
  expect(stepsOf(1)).toMatchObject({ stop: 'success', migration: 'success', 'data-valid': 'failed', snapshot: 'success', start: 'success', 'data-valid-at-last': 'success' });
  expect(Object.values(stepsOf(2)).every((status) => status === 'success')).toBe(true);

  expect([readFileSync(upload('avatar.png'), 'utf8'), await damagedRows(), await data.count('orders'), limits()]).toEqual(['a picture', 0, 200, '{"perSecond":100}\n']);
  expect(await app.health()).toEqual({ status: 'healthy', version: '1.2.3-stable' });
  // What was there before is kept beside it, once per restoration.
  expect((await data.databases()).filter(({ name }) => name.startsWith('core_before_'))).toHaveLength(2);
  expect(readdirSync(app.home).filter((name) => name.startsWith('uploads.before-'))).toHaveLength(1);
  await mailTo('dba@example.com', 'core-api is back as a whole');
  await belay.until('the report of the incident', 10 * second, () => Promise.resolve(readdirSync(join(home, 'reports')).find((name) => name.includes(incident.id))));
});
