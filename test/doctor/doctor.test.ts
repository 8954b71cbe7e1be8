import { chmodSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.js';
import type { Finding } from '../../src/doctor/finding.js';
import { type AnsweringServer, startAnsweringServer } from '../support/answering-server.js';
import { configFolder } from '../support/config-folder.js';
import { freePort } from '../support/free-port.js';
import { TestSlackServer } from '../support/slack-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';

const TOKEN = 'xoxb-very-secret';
const PASSWORD = 'mail-pass-word';

let stdout = '';
let web: AnsweringServer;
let slack: TestSlackServer;
let smtp: TestSmtpServer;

beforeEach(async () => {
  stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  vi.stubEnv('DOCTOR_SLACK_TOKEN', TOKEN);
  [web, slack, smtp] = await Promise.all([startAnsweringServer(), TestSlackServer.start(TOKEN), TestSmtpServer.start({ login: { user: 'belay', password: PASSWORD } })]);
  web.respond = ({ url = '' }, response) => {
    const metrics = url === '/metrics';
    response.setHeader('content-type', metrics ? 'text/plain; version=0.0.4' : 'application/json');
    if (url.startsWith('/api/v1/query')) response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
    else if (metrics) response.end('http_requests_total{status="200"} 1\n');
    else response.end('{"status":"healthy"}');
  };
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await Promise.all([web.stop(), slack.stop(), smtp.stop()]);
});

/** A folder whose configuration names everything there is. */
async function everything({ password = PASSWORD, metric = 'http_requests_total', current = '["echo", "v1"]', health = 'healthy' } = {}): Promise<string> {
  const mail = new URL(smtp.url);
  mail.username = 'belay';
  mail.password = password;
  return configFolder({
    'belay.yaml': `environment: test
mode: dry-run
http: { listen: "127.0.0.1:${await freePort()}" }
sources:
  app: { type: scrape, url: "${web.url}/metrics" }
  prom: { type: prometheus, url: "${web.url}" }
targets:
  shop: { health: { url: "${web.url}/health", expect: { json: { status: ${health} } } } }
featureFlags: { default: { type: file, path: flags.json } }
deployments: { shop: { type: command, deploy: [touch, deployed], current: ${current} } }
notify:
  slack: { token: "\${env:DOCTOR_SLACK_TOKEN}", channel: "#incidents", apiUrl: "${slack.apiUrl}" }
  email: { smtp: "${mail.href}", from: belay@example.com, to: [ops@example.com] }
  webhook: [ { url: "${web.url}/hook" } ]
heartbeat: { url: "${web.url}/ping" }
`,
    'rules/shop.yaml': `target: shop
triggers:
  - { name: Errors, source: app, signal: { type: errorRate, metric: ${metric}, errors: { status: "5.." } }, condition: "> 10%", for: 5m, level: 3 }
  - { name: Asked, source: prom, expr: up, condition: "== 0", for: 5m, level: 3 }
`,
    'plans/back.yaml': `id: back
name: Back
target: shop
level: 3
steps:
  - { id: back, name: Back, type: deployment, parameters: { service: shop, version: "\${rollbackPoint.version}", environment: "\${context.environment}" }, timeout: 10 }
`,
    'flags.json': '{"flags":{}}',
  });
}

/** Slack says who the token belongs to, and which scopes it has. */
function knowsToken(scopes: string): void {
  slack.fail = ({ method }) => (method === 'auth.test' ? { headers: { 'x-oauth-scopes': scopes }, body: '{"ok":true,"team":"Shop","user":"belay","team_id":"T1","user_id":"U1"}' } : undefined);
}

async function findings(file: string, expected: number): Promise<readonly Finding[]> {
  expect(await main(['doctor', '--config', file, '--json'])).toBe(expected);
  const answer = JSON.parse(stdout) as { ok: boolean; findings: readonly Finding[] };
  expect(answer.ok).toBe(expected === 0);
  return answer.findings;
}

const of = (all: readonly Finding[], area: string, name: string): readonly Finding[] => all.filter((finding) => finding.area === area && finding.name === name);

it('finds that all is well, and has changed nothing and told nobody', async () => {
  knowsToken('chat:write,files:write');
  const file = await everything();
  const before = readdirSync(dirname(file));
  const all = await findings(file, 0);
  expect(all.filter(({ status }) => status !== 'ok').map(({ area, name, status }) => [area, name, status])).toEqual([
    ['trigger', 'Asked', 'warning'],
    ['provider', 'featureFlags.default', 'skipped'],
    ['channel', 'slack', 'skipped'],
    ['channel', `heartbeat ${web.url}/ping`, 'skipped'],
    ['daemon', 'daemon', 'skipped'],
  ]);
  expect(of(all, 'provider', 'deployments.shop')).toEqual([expect.objectContaining({ status: 'ok', message: 'command answers: deployment of shop in test: v1 → (a version)' })]);
  expect(of(all, 'clock', 'prom')).toEqual([expect.objectContaining({ status: 'ok' })]);
  expect(readdirSync(dirname(file))).toEqual(before);
  expect(slack.calls.map(({ method }) => method)).toEqual(['auth.test']);
  expect(smtp.mails).toEqual([]);
  expect(web.requests.some(({ url }) => url === '/ping')).toBe(false);
  expect(web.requests.filter(({ url }) => url === '/hook').map(({ method }) => method)).toEqual(['HEAD']);
});

it('says what is missing, and how to mend it, without a secret', async () => {
  knowsToken('chat:write');
  const respond = web.respond;
  web.respond = (request, response, body) => {
    response.setHeader('date', new Date(Date.now() - 120_000).toUTCString());
    respond?.(request, response, body);
  };
  const file = await everything({ password: 'wrong-pass-word', metric: 'no_such_total', current: '["./nowhere"]', health: 'up' });
  chmodSync(file, 0o666);
  const all = await findings(file, 1);
  expect(of(all, 'channel', 'slack')[1]).toMatchObject({ status: 'warning', mend: expect.stringMatching(/add the bot scope files:write .* into the variable DOCTOR_SLACK_TOKEN/) as string });
  expect(of(all, 'channel', 'email')).toEqual([expect.objectContaining({ status: 'bad', mend: expect.stringContaining('user and password') as string })]);
  expect(of(all, 'trigger', 'Errors')).toEqual([expect.objectContaining({ status: 'warning', message: 'app does not show no_such_total' })]);
  expect(of(all, 'provider', 'deployments.shop')).toEqual([expect.objectContaining({ status: 'bad', mend: expect.stringContaining('PATH') as string })]);
  expect(of(all, 'health', 'shop')[0]?.message).toContain('instead of "up"');
  expect(of(all, 'clock', 'app')[0]?.message).toMatch(/^the clock here is (?:2m|1m5\ds|2m\ds) ahead of that of app$/);
  expect(of(all, 'store', 'files')[0]).toMatchObject({ status: 'warning', mend: `chmod go-w ${file}` });
  expect(stdout).not.toMatch(/wrong-pass-word|xoxb-very-secret/);

  stdout = '';
  await main(['doctor', '--config', file]);
  expect(stdout).toContain('\n✗ health shop: ');
  expect(stdout).toContain('\n    → see whether shop is well');
  expect(stdout).toMatch(/\n5 bad, \d+ to look at, \d+ well\n$/);
});

it('does not ask a provider that is still to be filled in, as belay init leaves it, and says so beside the place', async () => {
  knowsToken('chat:write,files:write');
  const all = await findings(await everything({ current: '["FILL IN: the command that prints the version that runs"]' }), 0);
  expect(of(all, 'provider', 'deployments.shop')).toEqual([{ area: 'provider', name: 'deployments.shop', status: 'skipped', message: 'is asked once it is filled in' }]);
  expect(all.filter(({ message }) => message.startsWith('is still to be filled in'))).toHaveLength(1);
});

it('names a source that gives no answer once, with how many triggers depend on it, and asks each of them once it answers', async () => {
  const triggers = ['Down', 'Slow', 'Full'].map((name) => `  - { name: ${name}, source: prom, expr: "${name.toLowerCase()}", condition: "== 0", for: 5m, level: 3 }`);
  const file = configFolder({
    'belay.yaml': `environment: test\nmode: dry-run\nsources: { prom: { type: prometheus, url: "${web.url}" } }\ntargets: { shop: {} }\nnotify: { webhook: [ { url: "${web.url}/hook" } ] }\n`,
    'rules/shop.yaml': `target: shop\ntriggers:\n${triggers.join('\n')}\n`,
    'plans/back.yaml': 'id: back\nname: Back\ntarget: shop\nlevel: 3\nsteps:\n  - { id: wait, name: Wait, type: wait, parameters: { duration: 1s }, timeout: 10 }\n',
  });
  const respond = web.respond;
  web.respond = (_request, response) => response.writeHead(503).end();
  expect((await findings(file, 1)).filter(({ area }) => area === 'source' || area === 'trigger')).toEqual([
    { area: 'source', name: 'prom', status: 'bad', message: 'does not answer as a Prometheus does: HTTP 503; 3 triggers depend on it and see nothing' },
  ]);
  expect(web.requests.filter(({ url }) => url.startsWith('/api/v1/'))).toHaveLength(1);

  stdout = '';
  web.respond = respond;
  const well = await findings(file, 0);
  expect(of(well, 'source', 'prom')).toEqual([{ area: 'source', name: 'prom', status: 'ok', message: `answers at ${web.url}` }]);
  expect(well.filter(({ area }) => area === 'trigger').map(({ name, message }) => [name, message])).toEqual(['Down', 'Slow', 'Full'].map((name) => [name, `its query returns nothing now: ${name.toLowerCase()}`]));
});

it('says that Slack does not accept the token, that nothing answers, and what is wrong in the files', async () => {
  slack.fail = () => ({ body: '{"ok":false,"error":"invalid_auth"}' });
  await web.stop();
  const all = await findings(await everything(), 1);
  expect(of(all, 'channel', 'slack')).toEqual([expect.objectContaining({ status: 'bad', message: 'Slack does not accept the token: invalid_auth' })]);
  expect(of(all, 'source', 'prom')).toEqual([expect.objectContaining({ status: 'bad', message: expect.stringMatching(/; 1 trigger depends on it and sees nothing$/) as string, mend: 'see whether it runs, and whether address and port are right' })]);
  expect(all.filter(({ area }) => area === 'trigger')).toEqual([]);

  stdout = '';
  const broken = configFolder({ 'belay.yaml': 'targets: { shop: { owner: [a] } }\n' });
  expect(await findings(broken, 1)).toContainEqual(expect.objectContaining({ area: 'configuration', status: 'bad', mend: 'did you mean "owners"?' }));
});
