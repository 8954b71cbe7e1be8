import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { BelayProcess } from '../support/belay-process.js';
import { exampleFiles } from '../support/example-folder.js';
import { approveNext, rungsOf } from '../support/incident-rungs.js';
import { GitRepo } from '../support/git-repo.js';
import { startNginx, type NginxServer } from '../support/nginx-server.js';
import { startPm2, type Pm2Daemon } from '../support/pm2-daemon.js';
import { pathWith, releaseCode, startPm2Service, type Pm2Service } from '../support/pm2-service.js';
import { startPostgres } from '../support/postgres-server.js';
import { PostgresShop } from '../support/postgres-shop.js';
import { TestSlackServer } from '../support/slack-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';
import { startVisits } from '../support/visits.js';
import { worldOfFile } from '../support/world-of-file.js';

const second = 1_000;
const { opened, closing } = worldOfFile();

let pm2: Pm2Daemon;
let monolith: Pm2Service;
let frontend: Pm2Service;
let newApi: AnsweringServer;
let profiles: AnsweringServer;
let gateway: NginxServer;
let routes: GitRepo;
let users: PostgresShop;
let flagsFile: string;
let smtp: TestSmtpServer;
let slack: TestSlackServer;
let belay: BelayProcess;

const flag = (key: string): string => (JSON.parse(readFileSync(flagsFile, 'utf8')) as { flags: Record<string, { defaultVariant: string }> }).flags[key]?.defaultVariant ?? 'none';
const isOn = (key: string): boolean => flag(key) === 'on';
const nameless = async (): Promise<number> => Number((await users.query<{ count: string }>('SELECT count(*) FROM user_profiles WHERE display_name IS NULL'))[0]?.count);
const page = async (): Promise<number> => (await fetch(`${frontend.url}/orders`)).status;
const apiFrom = async (): Promise<string> => ((await (await fetch(`${gateway.url}/api/orders`, { headers: { connection: 'close' } })).json()) as { from: string }).from;
const separated = (): string => `location /api/ { proxy_pass ${newApi.url}; }\n`;

/** A separated frontend on pm2 behind a real gateway, the monolith beside it, and profiles in PostgreSQL. */
beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), 'belay-separation-'));
  closing(() => rmSync(home, { recursive: true, force: true }));
  flagsFile = join(home, 'flags.json');
  const variants = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' };
  writeFileSync(flagsFile, JSON.stringify({ flags: { 'use-new-api-endpoints': variants, 'use-new-user-profile': variants } }));
  smtp = opened(await TestSmtpServer.start());
  slack = opened(await TestSlackServer.start('xoxb-test-token'));

  const postgres = opened(await startPostgres());
  users = await PostgresShop.create(postgres.url, 'users');
  await users.query(`CREATE TABLE user_profiles (id int PRIMARY KEY, display_name text); INSERT INTO user_profiles SELECT n, 'user ' || n FROM generate_series(1, 20) n`);
  const backups = join(home, 'backups');
  mkdirSync(backups);
  users.dump(join(backups, 'backup-user-profiles-pre-migration.dump'));
  profiles = opened(await startAnsweringServer());
  profiles.respond = ({ url }, response) => {
    if (url === '/health') response.end('{"status":"healthy"}');
    else if (url === '/metrics') void nameless().then((count) => response.end(`# TYPE user_profile_inconsistencies gauge\nuser_profile_inconsistencies ${count}\n`), () => response.destroy());
    else response.end(JSON.stringify({ implementation: isOn('use-new-user-profile') ? 'new' : 'legacy' }));
  };

  pm2 = opened(await startPm2());
  monolith = await startPm2Service(pm2, 'monolith', { '9.0': releaseCode('9.0', `return { status: 200, body: { from: 'monolith', orders: [1, 2] } };`) }, '9.0');
  newApi = opened(await startAnsweringServer('{"from":"new-api"}', { 'content-type': 'application/json' }));
  routes = new GitRepo(join(home, 'gateway'));
  routes.commit({ 'routes.conf': `location /api/ { proxy_pass ${monolith.url}; }\n` }, 'mono-v3');
  routes.commit({ 'routes.conf': separated() });
  routes.git('config', 'user.name', 'Belay');
  routes.git('config', 'user.email', 'belay@example.com');
  gateway = opened(await startNginx([`location /monolith/ { proxy_pass ${monolith.url}/; }`, `include ${join(routes.directory, 'routes.conf')};`]));
  const ask = (path: string): string => `const answer = await fetch(env.GATEWAY_URL + ${path}); return { status: answer.ok ? 200 : 502, body: '<h1>order list</h1>' + await answer.text() };`;
  const separatedPage = `const { flags } = JSON.parse(readFileSync(env.FLAGS_FILE, 'utf8')); ${ask(`(flags['use-new-api-endpoints'].defaultVariant === 'on' ? '/api/v2/orders' : '/api/orders')`)}`;
  frontend = await startPm2Service(
    pm2,
    'frontend',
    { '1.5.2': releaseCode('1.5.2', ask(`'/api/orders'`)), '2.0.0': `import { readFileSync } from 'node:fs';\n${releaseCode('2.0.0', separatedPage)}` },
    '2.0.0',
    { GATEWAY_URL: gateway.url, FLAGS_FILE: flagsFile },
  );
  closing(() => visits.stop());
  const visits = startVisits(`${frontend.url}/orders`);

  const hurried: readonly [string, string][] = [['hold: 2m', 'hold: 1s'], ['timeout: 10m', 'timeout: 60s']];
  belay = opened(
    await BelayProcess.start(
      exampleFiles('frontend-backend-separation', {
        'belay.yaml': [['[systemctl, reload, nginx]', JSON.stringify([...gateway.argv, '-s', 'reload'])], ['interval: 15s', 'interval: 500ms'], ['interval: 5s', 'interval: 500ms']],
        'rules/frontend.yaml': [['for: 2m', 'for: 2s'], ['window: 1m', 'window: 4s']],
        'rules/user-profile.yaml': [['for: 5m', 'for: 2s']],
        'plans/initial-separation.yaml': [...hurried, ['window: 1m', 'window: 4s']],
        'plans/user-profile.yaml': hurried,
        'plans/complete-transition.yaml': hurried,
      }),
      {
        PATH: pathWith(pm2), BELAY_TOKEN: 'a-token-of-the-test',
        FRONTEND_URL: frontend.url, FRONTEND_HOME: frontend.home, PROFILE_URL: profiles.url, GATEWAY_URL: gateway.url, GATEWAY_REPO: routes.directory,
        PM2_HOME: pm2.home, FLAGS_FILE: flagsFile, USER_DB_URL: users.url, BACKUPS: backups,
        SMTP_URL: smtp.url, SLACK_TOKEN: 'xoxb-test-token', SLACK_API_URL: slack.apiUrl,
      },
    ),
  );
}, 120 * second);

const mailTo = (address: string, text: string): Promise<unknown> => belay.until(`mail to ${address}`, 10 * second, () => Promise.resolve(smtp.mailTo(address, text)));
const slackSays = (text: string): Promise<unknown> => belay.until(`Slack: ${text}`, 10 * second, () => Promise.resolve(slack.messages.find(({ fields }) => JSON.stringify(fields).includes(text))));

it('shows what each plan would change, before it is ever needed', { timeout: 120 * second }, async () => {
  expect(await belay.cli('check')).toMatchObject({ code: 0 });
  const shown = async (plan: string): Promise<string> => (await belay.cli('plan', plan)).stdout;
  expect(await shown('initial-separation-rollback')).toMatch(/use-new-api-endpoints in \S+: on → off[\s\S]*2\.0\.0 → 1\.5\.2[\s\S]*→ .*mono-v3/);
  expect(await shown('user-profile-feature-rollback')).toMatch(/use-new-user-profile in \S+: on → off[\s\S]*user_profiles/);
  expect(await shown('complete-transition-rollback')).toMatch(/monolith-start[\s\S]*initial-separation-rollback[\s\S]*user-profile-feature-rollback/);
});

it('practises the first way back by reading every real state, and the backup by restoring it where nobody uses it', { timeout: 120 * second }, async () => {
  const plan = await belay.cli('drill', 'initial-separation-rollback');
  expect([plan.code, plan.stderr]).toEqual([0, expect.stringMatching(/on → off[\s\S]*2\.0\.0 → 1\.5\.2[\s\S]*ok: verification can be asked/)]);
  const backup = await belay.cli('drill', '--backup', 'user-service-db');
  expect([backup.code, backup.stderr]).toEqual([0, expect.stringMatching(/backup-user-profiles-pre-migration\.dump was restored into a database of its own, its keys, rows and checks are well/)]);
  expect([isOn('use-new-api-endpoints'), await frontend.health(), await users.count('user_profiles')]).toEqual([true, { status: 'healthy', version: '2.0.0' }, 20]);
});

it('the separated frontend fails: flag, release and routes go back by themselves, and by undo return', { timeout: 180 * second }, async () => {
  expect([await page(), await apiFrom()]).toEqual([200, 'new-api']);
  newApi.status = 500;
  const incident = await belay.incident('over', 90 * second, ({ endedAt }) => endedAt !== undefined);
  expect(rungsOf(incident)).toEqual([['initial-separation-rollback', 'automatic', 'success', 'recovered']]);

  expect(flag('use-new-api-endpoints')).toBe('off');
  expect(await frontend.health()).toEqual({ status: 'healthy', version: '1.5.2' });
  expect([await page(), await apiFrom()]).toEqual([200, 'monolith']);
  expect(routes.git('show', 'HEAD:routes.conf')).toContain(monolith.url);
  await mailTo('tech-leads@example.com', 'triggeredBy: PagesFail');
  await slackSays('Frontend 1.5.2 serves production from the monolith again');

  newApi.status = 200;
  const undo = await belay.cli('undo', incident.rungs[0]?.executionId ?? '', '--reason', 'the new API is mended');
  expect(undo.stdout).toMatch(/^success; recovered/);
  expect([flag('use-new-api-endpoints'), (await frontend.health())?.version, await apiFrom(), await page()]).toEqual(['on', '2.0.0', 'new-api', 200]);
});

it('profiles are damaged: the profile team is asked, then the rows of before the migration are back', { timeout: 120 * second }, async () => {
  await users.query('UPDATE user_profiles SET display_name = NULL WHERE id <= 7');
  await approveNext(belay);
  const incident = await belay.incident('over', 60 * second, ({ endedAt }) => endedAt !== undefined);
  expect(rungsOf(incident)).toEqual([['user-profile-feature-rollback', 'automatic', 'success', 'recovered']]);

  expect(flag('use-new-user-profile')).toBe('off');
  expect([await nameless(), await users.count('user_profiles')]).toEqual([0, 20]);
  const [kept] = await users.query<{ schema: string }>(`SELECT nspname AS schema FROM pg_namespace WHERE nspname LIKE 'belay_before_%'`);
  expect(kept?.schema).toBeDefined();
  await mailTo('user-profile-team@example.com', 'are being rolled back');
  await slackSays('The user profiles of before the migration are back');
});

it('the whole separation is undone: the monolith is started first, then come both phases', { timeout: 180 * second }, async () => {
  await pm2.pm2('stop', 'monolith');
  await users.query('UPDATE user_profiles SET display_name = lower(display_name) || $$ (new)$$');
  expect(await monolith.health()).toBeUndefined();
  await belay.cli('rollback', 'complete-transition-rollback', '--reason', 'the transition is called off');
  await approveNext(belay);
  const incident = await belay.incidentOf('complete-transition-rollback', 'over', 120 * second, ({ endedAt }) => endedAt !== undefined);
  expect(rungsOf(incident)).toEqual([['complete-transition-rollback', 'manual', 'success', 'recovered']]);
  expect([...new Set(incident.rungs[0]?.steps.map(({ key }) => key.split('/')[0]))]).toEqual(['monolith-start', 'initial-separation-rollback', 'user-profile-feature-rollback', 'complete-transition-rollback']);

  expect([await monolith.health(), await frontend.health()]).toEqual([{ status: 'healthy', version: '9.0' }, { status: 'healthy', version: '1.5.2' }]);
  expect([await apiFrom(), await page()]).toEqual(['monolith', 200]);
  expect(await users.query('SELECT display_name FROM user_profiles WHERE id = 1')).toEqual([{ display_name: 'user 1' }]);
  await mailTo('business-owners@example.com', 'is undone as a whole');
});
