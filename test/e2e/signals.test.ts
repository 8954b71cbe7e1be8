import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BelayProcess } from '../support/belay-process.js';

const second = 1_000;
let belay: BelayProcess;
let app: Server;
let scrapes = 0;

beforeEach(async () => {
  scrapes = 0;
  app = createServer((_request, response) => {
    scrapes += 1;
    response.writeHead(200, { 'content-type': 'text/plain' }).end('# TYPE depth gauge\ndepth 1\n');
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const { port } = app.address() as AddressInfo;
  belay = await BelayProcess.start({
    'belay.yaml': { environment: 'test', mode: 'observe', sources: { app: { type: 'scrape', url: `http://127.0.0.1:${port}/metrics`, interval: '200ms', timeout: '200ms' } }, targets: { shop: { owners: ['a'] } } },
    'rules/shop.yaml': { target: 'shop', triggers: [{ name: 'Deep', source: 'app', signal: { type: 'queueDepth', metric: 'depth' }, condition: '> 100', for: '1s', response: 'monitor' }] },
  });
});

afterEach(async () => {
  await belay.stop();
  app.close();
  app.closeAllConnections();
});

describe('a storm of SIGHUPs', () => {
  it('leaves one loop per trigger, and a daemon that still ends', async () => {
    for (let sent = 0; sent < 50; sent += 1) {
      process.kill(belay.pid, 'SIGHUP');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await belay.until('it has read the files again', 20 * second, () => Promise.resolve(belay.log.includes('configuration-reloaded') ? true : undefined));
    // A leaked loop asks as often as the wanted one, so what comes in a while tells how many there are.
    await new Promise((resolve) => setTimeout(resolve, 1 * second));
    const before = scrapes;
    await new Promise((resolve) => setTimeout(resolve, 2 * second));
    expect(scrapes - before).toBeLessThanOrEqual(12);
    expect(await belay.end('SIGTERM')).toBe(0);
  });
});

describe('SIGTERM while it still starts', () => {
  it('ends it in order', async () => {
    await belay.end('SIGKILL');
    const starting = belay.start();
    await belay.until('its first words', 20 * second, () => Promise.resolve(belay.log.split('"msg":"daemon-started"').length > 2 ? true : undefined));
    expect(await belay.end('SIGTERM')).toBe(0);
    await starting.catch(() => undefined);
  });
});
