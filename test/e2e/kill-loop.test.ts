import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import { BelayProcess } from '../support/belay-process.js';
import { journalOf } from '../support/journal-file.js';

const second = 1_000;
let belay: BelayProcess | undefined;
let world: Server | undefined;
/** What reached people: titles by the id of the message, which is the same on every attempt. */
const heard = new Map<string, string>();

afterEach(async () => {
  await belay?.stop();
  world?.close();
  world?.closeAllConnections();
});

/** Sets a file and writes down that it did; slow enough to be killed in the middle. */
const set = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const [, , verb, file, value] = process.argv;
if (verb === 'get') process.stdout.write(existsSync(file) ? readFileSync(file, 'utf8') : 'on');
else {
  await new Promise((resolve) => setTimeout(resolve, 300));
  writeFileSync(file, value);
  appendFileSync('effects.txt', file + '\\n');
}
`;

const plan = (id: string, level: number, step: object): object => ({
  id,
  name: id,
  target: 'shop',
  level,
  verification: { hold: '500ms', timeout: '4s', interval: '200ms' },
  steps: [{ id: 'tell', name: 'tell', type: 'notification', parameters: { recipients: ['ops@example.com'], channel: 'webhook', message: `${id} begins` }, timeout: 10 }, { name: 'act', timeout: 20, ...step }],
});

/** The instants at which it is killed: just after these lines became durable, the first time that they do. */
const deaths = ['rung-started', 'step-attempt-started act', 'rollback-ended', 'verification-ended', 'rollback-started 2', 'step-succeeded act 2', 'verification-ended 2'];

/** `rung-started 2` is that of the second rung; `act` that of the step which changes the world. */
function nameOf(event: JournalEvent, rungs: readonly string[]): string {
  const step = 'stepKey' in event ? ` ${event.stepKey.split('/')[1] ?? ''}` : '';
  const rung = 'executionId' in event && event.executionId === rungs[1] ? ' 2' : '';
  return `${event.type}${step}${rung}`;
}

it('a daemon killed again and again tells the story of one that lives: no step twice, no message lost, one incident', { timeout: 180 * second }, async () => {
  let directory = '';
  world = createServer((request, response) => {
    if (request.url === '/metrics') {
      const isBroken = !existsSync(join(directory, 'version.txt'));
      response.writeHead(200, { 'content-type': 'text/plain' }).end(`# TYPE broken gauge\nbroken ${isBroken ? 1 : 0}\n`);
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { id, title } = JSON.parse(body) as { readonly id: string; readonly title: string };
      heard.set(id, title);
      response.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(world, 'listening');
  const url = `http://127.0.0.1:${(world.address() as AddressInfo).port}`;
  const command = (verb: string, ...rest: readonly string[]): readonly string[] => [process.execPath, 'set.mjs', verb, ...rest];
  belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'test',
      mode: 'enforce',
      store: 'sqlite:./belay.db',
      sources: { app: { type: 'scrape', url: `${url}/metrics`, interval: '250ms', timeout: '10s' } },
      targets: { shop: { owners: ['a'] } },
      featureFlags: { default: { type: 'command', set: command('set', 'flag.txt', '${targetState}'), get: command('get', 'flag.txt') } },
      deployments: { shop: { type: 'command', deploy: command('set', 'version.txt', '${version}'), current: command('get', 'version.txt') } },
      notify: { webhook: [{ url }] },
    },
    'rules/shop.yaml': { target: 'shop', triggers: [{ name: 'Broken', source: 'app', signal: { type: 'gauge', metric: 'broken' }, condition: '> 0', for: '500ms', levels: [1, 3] }] },
    'plans/off.yaml': plan('off', 1, { id: 'act', type: 'feature-flag', parameters: { flagKey: 'x', targetState: false } }),
    'plans/back.yaml': plan('back', 3, { id: 'act', type: 'deployment', parameters: { service: 'shop', version: 'v1', environment: 'test' } }),
    'set.mjs': set,
  });
  directory = belay.directory;
  const daemon = belay;
  const left = new Set(deaths);

  while (left.size > 0) {
    await daemon.until(`a death at one of: ${[...left].join(', ')}`, 20 * second, () => {
      const events = journalOf(directory);
      const rungs = events.flatMap((event) => (event.type === 'rung-started' ? [event.executionId] : []));
      const reached = events.map((event) => nameOf(event, rungs)).filter((name) => left.delete(name));
      return Promise.resolve(reached.length > 0 ? true : undefined);
    });
    await daemon.end('SIGKILL');
    await daemon.start();
  }
  const incident = await daemon.incident('over', 20 * second, ({ endedAt }) => endedAt !== undefined);
  const titles = [/rolling back level 1/, /level 1 .* started/, /off begins/, /level 1 .* proving recovery/, /not recovered by level 1/, /level 3 .* started/, /back begins/, /level 3 .* proving recovery/, /recovered by level 3/];
  await daemon.until('every message', 20 * second, () => Promise.resolve([...heard.values()].some((title) => /: recovered by level 3/.test(title)) ? true : undefined));

  expect(await daemon.incidents()).toHaveLength(1);
  expect(incident).toMatchObject({ status: 'recovered', rungs: [{ planId: 'off', outcome: 'success', verification: { result: { outcome: 'not-recovered' } } }, { planId: 'back', outcome: 'success', verification: { result: { outcome: 'recovered' } } }] });
  expect(readFileSync(join(directory, 'effects.txt'), 'utf8').trim().split('\n')).toEqual(['flag.txt', 'version.txt']);
  const told = [...heard.values()];
  for (const title of titles) expect(told.filter((candidate) => title.test(candidate)).length, String(title)).toBe(1);
});
