import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Message } from '../../src/notify/message.js';
import { BelayProcess } from '../support/belay-process.js';
import { type PrometheusServer, scrapeConfig, startPrometheus } from '../support/prometheus-server.js';
import { SettableClock } from '../support/settable-clock.js';

const second = 1_000;
const WITHIN_MS = 30 * second;
/** One daemon lives through all of it, in this order. */
let belay: BelayProcess;
let prometheus: PrometheusServer;
let world: Server;
let clock: SettableClock;
let folder: string;
let answers = true;
let isBroken = false;
let pings = 0;
const messages: Message[] = [];

const until = (what: string, holds: () => boolean): Promise<true> => belay.until(what, WITHIN_MS, () => Promise.resolve(holds() ? true : undefined));
const titled = (words: RegExp): Message | undefined => messages.find(({ title }) => words.test(title));
const readiness = async (): Promise<readonly [number, string]> => {
  const answer = await fetch(`${belay.url}/-/ready`);
  return [answer.status, await answer.text()];
};
/** What fires, as Prometheus says, of the rules that watch Belay. */
const firing = async (): Promise<readonly string[]> => {
  const { data } = (await (await fetch(`${prometheus.url}/api/v1/alerts`)).json()) as { readonly data: { readonly alerts: readonly { readonly state: string; readonly labels: { readonly alertname: string } }[] } };
  return data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
};
const metric = async (name: string): Promise<number> => Number((await belay.text('/metrics')).split('\n').find((line) => line.startsWith(`${name} `))?.split(' ').at(-1) ?? 0);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belay-watched-'));
  clock = new SettableClock(folder);
  world = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.url === '/ping') pings += 1;
      if (request.url === '/messages') messages.push(JSON.parse(body) as Message);
      const isUp = request.url !== '/metrics' || answers;
      response.writeHead(isUp ? 200 : 500, { 'content-type': 'text/plain' }).end(`# TYPE broken gauge\nbroken ${isBroken ? 1 : 0}\n`);
    });
  }).listen(0, '127.0.0.1');
  await once(world, 'listening');
  const url = `http://127.0.0.1:${(world.address() as AddressInfo).port}`;
  belay = await BelayProcess.start(
    {
      'belay.yaml': {
        environment: 'test',
        store: 'sqlite:./belay.db',
        sources: { app: { type: 'scrape', url: `${url}/metrics`, interval: '200ms', timeout: '5s' } },
        targets: { shop: {} },
        notify: { webhook: [{ url: `${url}/messages` }] },
        heartbeat: { url: `${url}/ping`, every: '200ms' },
      },
      'rules/shop.yaml': { target: 'shop', triggers: [{ name: 'Broken', source: 'app', signal: { type: 'gauge', metric: 'broken' }, condition: '> 0', for: '1s', response: 'monitor' }] },
    },
    clock.environment,
  );
  const rules = resolve('examples/monitoring/belay-rules.yaml');
  prometheus = await startPrometheus({ config: { global: { evaluation_interval: '1s' }, rule_files: [rules], ...scrapeConfig('belay', `${belay.url}/metrics`) } });
});
afterAll(async () => {
  await belay.stop();
  await prometheus.stop();
  world.close();
  world.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

it('gives signs of life while it sees and can act', async () => {
  await until('some signs of life', () => pings >= 3);
  expect((await readiness())[0]).toBe(200);
  expect(await metric('belay_ready')).toBe(1);
  await belay.until('the alert that always fires', WITHIN_MS, async () => ((await firing()).includes('BelayWatchdog') ? true : undefined));
});

it('gives none while it is blind, and says so; and again once it sees', async () => {
  answers = false;
  await belay.until('a look that saw nothing', WITHIN_MS, async () => ((await metric('belay_observations_total{source="app",outcome="http-status"}')) > 0 ? true : undefined));
  // What a source is given before it counts as blind goes by at once.
  clock.set(1);
  await belay.until('it is not ready', WITHIN_MS, async () => ((await readiness())[0] === 503 ? true : undefined));
  expect((await readiness())[1]).toContain('source app gives no usable answer');
  expect(await metric('belay_ready')).toBe(0);
  await until('that it is blind', () => titled(/blind/i) !== undefined);
  const heard = pings;
  const withheld = await metric('belay_heartbeats_total{outcome="withheld"}');
  await belay.until('some signs of life that are withheld', WITHIN_MS, async () => ((await metric('belay_heartbeats_total{outcome="withheld"}')) >= withheld + 3 ? true : undefined));
  expect(pings).toBe(heard);
  await belay.until('the end of the alert that always fires', WITHIN_MS, async () => ((await firing()).includes('BelayWatchdog') ? undefined : true));
  answers = true;
  await until('signs of life', () => pings > heard);
  expect(await metric('belay_ready')).toBe(1);
  await until('that it sees again', () => titled(/sees|again/i) !== undefined);
});

it('says after a time in which it was dead for how long that was, and what was missed', async () => {
  isBroken = true;
  await until('an incident', () => titled(/broken/i) !== undefined);
  await belay.until('the alert that always fires', WITHIN_MS, async () => ((await firing()).includes('BelayWatchdog') ? true : undefined));
  await belay.end('SIGKILL');
  await belay.until('the end of the alert that always fires', WITHIN_MS, async () => ((await firing()).includes('BelayWatchdog') ? undefined : true));
  clock.set(2);
  await belay.start();
  await until('that it is back', () => titled(/is back/) !== undefined);
  const { title, facts = [] } = titled(/is back/) ?? {};
  expect(title).toMatch(/^Belay is back after [23]h/);
  expect(Object.fromEntries(facts)).toMatchObject({ down: expect.stringMatching(/ UTC to .* UTC$/) as string, unwatched: 'shop (1 trigger)', incidents: 'shop left alone', messages: 'none waited' });
});
