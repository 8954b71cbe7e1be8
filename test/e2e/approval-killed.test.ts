import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { StatusView } from '../../src/http/guard-api.js';
import { BelayProcess } from '../support/belay-process.js';
import { journalOf } from '../support/journal-file.js';
import { formOf, blockActions, signed } from '../support/slack-press.js';
import { TestSlackServer } from '../support/slack-server.js';

const second = 1_000;
const SECRET = 'the-signing-secret';
let belay: BelayProcess | undefined;
let world: Server | undefined;
let slack: TestSlackServer | undefined;

afterEach(async () => {
  await belay?.stop();
  await slack?.stop();
  world?.close();
  world?.closeAllConnections();
});

const restore = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const [, , verb, version] = process.argv;
if (verb === 'current') process.stdout.write(existsSync('version.txt') ? readFileSync('version.txt', 'utf8') : 'v2');
else {
  await new Promise((resolve) => setTimeout(resolve, 300));
  writeFileSync('version.txt', version);
  appendFileSync('effects.txt', 'restored\\n');
}
`;

it('a daemon killed whenever something of an approval has become durable asks once, follows the answers once, and rolls back once', { timeout: 120 * second }, async () => {
  let directory = '';
  world = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`# TYPE broken gauge\nbroken ${existsSync(join(directory, 'version.txt')) ? 0 : 1}\n`);
  }).listen(0, '127.0.0.1');
  await once(world, 'listening');
  slack = await TestSlackServer.start();
  const { port } = world.address() as AddressInfo;
  const command = (verb: string, ...rest: readonly string[]): readonly string[] => [process.execPath, 'restore.mjs', verb, ...rest];
  belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'test',
      store: 'sqlite:./belay.db',
      sources: { app: { type: 'scrape', url: `http://127.0.0.1:${port}/metrics`, interval: '250ms', timeout: '10s' } },
      targets: { shop: {} },
      deployments: { shop: { type: 'command', deploy: command('deploy', '${version}'), current: command('current') } },
      people: { ana: { slack: 'U1', groups: ['oncall'] }, bo: { slack: 'U2', groups: ['dba'] } },
      policy: { approvals: { level4: { allOf: ['oncall', 'dba'], timeout: '10m' } } },
      notify: { slack: { token: 'xoxb-the-token', channel: '#incidents', apiUrl: slack.apiUrl, signingSecret: SECRET } },
    },
    'rules/shop.yaml': { target: 'shop', triggers: [{ name: 'Broken', source: 'app', signal: { type: 'gauge', metric: 'broken' }, condition: '> 0', for: '500ms', level: 4 }] },
    'plans/restore.yaml': {
      id: 'restore', name: 'Restore', target: 'shop', level: 4, verification: { hold: '500ms', timeout: '10s', interval: '200ms' },
      steps: [{ id: 'deploy', name: 'deploy', type: 'deployment', parameters: { service: 'shop', version: 'v1', environment: 'test' }, timeout: 20 }],
    },
    'restore.mjs': restore,
  });
  directory = belay.directory;
  const daemon = belay;
  const types = (): readonly string[] => journalOf(directory).map(({ type }) => type);
  const killedAfter = async (what: string, count = 1): Promise<void> => {
    await daemon.until(what, 20 * second, () => Promise.resolve(types().filter((type) => type === what).length >= count ? true : undefined));
    await daemon.end('SIGKILL');
    await daemon.start();
  };
  const press = async (user: string): Promise<number> => {
    const { approvals } = await daemon.get<StatusView>('/api/v1/status');
    const { headers, body } = signed(formOf(blockActions({ user, value: approvals[0]?.id ?? '' })), SECRET, Date.now());
    return (await fetch(`${daemon.url}/api/v1/slack/interactions`, { method: 'POST', headers, body })).status;
  };

  await killedAfter('decision-made');
  await killedAfter('approval-requested');
  expect(await press('U1')).toBe(200);
  await killedAfter('approval-answered');
  expect(await press('U2')).toBe(200);
  await daemon.end('SIGKILL');
  await daemon.start();
  await killedAfter('rung-started');
  await killedAfter('step-attempt-started');
  const incident = await daemon.incident('over', 30 * second, ({ endedAt }) => endedAt !== undefined);

  expect(await daemon.incidents()).toHaveLength(1);
  expect(incident).toMatchObject({
    status: 'recovered',
    approvals: [{ status: 'approved', answers: [{ by: 'ana', way: 'slack', groups: ['oncall'] }, { by: 'bo', way: 'slack' }] }],
    rungs: [{ planId: 'restore', outcome: 'success', trigger: 'automatic' }],
  });
  expect(types().filter((type) => type === 'approval-requested')).toHaveLength(1);
  expect(readFileSync(join(directory, 'effects.txt'), 'utf8')).toBe('restored\n');
  // What was on its way to Slack at a death may stand there twice; the newest message of the incident is as it is now, without buttons.
  await daemon.until('Slack shows that it is over', 20 * second, () => Promise.resolve(JSON.stringify(slack?.channelMessages.at(-1)?.fields ?? {}).includes(': recovered by level 4') ? true : undefined));
  expect(JSON.stringify(slack.channelMessages.at(-1)?.fields)).not.toContain('belay.approve');
  expect(slack.calls.some(({ method, fields }) => method !== 'chat.postEphemeral' && JSON.stringify(fields).includes('belay.approve'))).toBe(true);
});
