import { connect, type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HttpSettings } from '../../src/config/config.js';
import { createHttpServer } from '../../src/http/http-server.js';
import type { LiveEvent } from '../../src/http/live-api.js';
import { Redactor } from '../../src/secret/redactor.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi, status } from '../support/recording-guard-api.js';
import { EventReader } from '../support/event-reader.js';

const TOKEN = 'secret-of-a-viewer';
const ping: LiveEvent = { name: 'ping', seq: 8, data: { now: 3_000 } };
const paused: LiveEvent = { name: 'status', seq: 9, data: { ...status, pauses: [{ id: 'p1', by: 'ana', reason: 'a hidden thing', since: 1 }] } };

const page: HttpSettings['tokens'][number] = { name: 'page', role: 'viewer', token: TOKEN };

let app: FastifyInstance;
let tokens: HttpSettings['tokens'];
let live: RecordingLiveApi;
let redactor: Redactor;
let url: string;
const readers: EventReader[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  live = new RecordingLiveApi();
  redactor = new Redactor();
  tokens = [page, { name: 'am', role: 'webhook', token: 'secret-of-am' }];
  const settings: HttpSettings = {
    host: '127.0.0.1',
    port: 0,
    get tokens() {
      return tokens;
    },
  };
  app = createHttpServer({ guard: new RecordingGuardApi(), live, reports: emptyReports, settings, operatorToken: 'own-token', logger: pino({ level: 'silent' }), registry: new Registry(), redactor });
  url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/api/v1/events`;
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.leave();
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

async function read(): Promise<EventReader> {
  const reader = await EventReader.open(url, TOKEN);
  readers.push(reader);
  return reader;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate();
}

test('a reader gets everything first, and then each change under the number of the newest journal line', async () => {
  const reader = await read();
  expect(reader.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  expect(reader.response.headers['cache-control']).toBe('no-store');
  const first = await reader.next();
  expect([first.name, first.id]).toEqual(['snapshot', '7']);
  expect(first.data).toMatchObject({ now: 2_000, lastSeq: 7, status: { environment: 'production' }, triggers: [{ threshold: { value: 0.1 } }], incidents: [{ id: 'i1' }] });
  live.tell(paused, ping);
  expect(await reader.next()).toMatchObject({ name: 'status', id: '9', data: { pauses: [{ id: 'p1' }] } });
  expect(await reader.next()).toEqual({ name: 'ping', id: '8', data: { now: 3_000 } });
});

test('whoever may not view gets no stream', async () => {
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: { authorization: 'Bearer secret-of-am' } })).status).toBe(403);
  expect((await fetch(url, { method: 'HEAD', headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(404);
  expect(live.snapshots).toBe(0);
});

test('secrets are blanked', async () => {
  redactor.add('hidden');
  const reader = await read();
  await reader.next();
  live.tell(paused);
  expect((await reader.next()).data).toMatchObject({ pauses: [{ reason: 'a [redacted] thing' }] });
});

test('whoever has lost the right to read hears nothing more', async () => {
  const reader = await read();
  await reader.next();
  tokens = [{ ...page, name: 'renamed' }];
  live.tell(ping);
  expect((await reader.next()).name).toBe('ping');
  for (const now of [[{ ...page, role: 'webhook' }], [{ ...page, token: 'another-secret' }]] satisfies HttpSettings['tokens'][]) {
    tokens = [page];
    const other = await read();
    await other.next();
    tokens = now;
    live.tell(paused);
    await expect(other.next()).rejects.toThrow('the stream has ended');
    expect([401, 403]).toContain((await read()).response.statusCode);
  }
  await until(() => live.hearers.size === 0);
});

test('nothing is listened to while nobody reads, and a state is composed once for all who come', async () => {
  expect(live.hearers.size).toBe(0);
  const [one, another] = [await read(), await read()];
  expect([live.hearers.size, live.snapshots]).toEqual([1, 1]);
  live.tell(ping);
  await read();
  expect(live.snapshots).toBe(2);
  one.leave();
  another.leave();
  readers.splice(0).forEach((reader) => reader.leave());
  await until(() => live.hearers.size === 0);
});

test('the hundred and first is told to come again', async () => {
  for (let count = 0; count < 100; count += 1) await read();
  const refused = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: 'too-many-streams', context: { limit: 100 } } });
  readers.shift()?.leave();
  // Once one has gone, there is room for another.
  while ((await read()).response.statusCode === 503) await setImmediate();
});

/** Asks for the events, and takes nothing of them until it is resumed. */
async function deafReader(): Promise<Socket> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.pause();
  socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  await until(() => live.hearers.size === 1);
  return socket;
}

/** More than the buffers of two sockets hold. */
const large: LiveEvent = { name: 'status', seq: 9, data: { ...status, version: 'x'.repeat(16_000_000) } };

test('a reader that has fallen behind gets a new state instead of what it missed', async () => {
  const socket = await deafReader();
  live.tell(large);
  for (let count = 0; count < 50; count += 1) live.tell(paused);
  expect(live.snapshots).toBe(1);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text = text.slice(-1_000_000) + chunk.toString('latin1')));
  socket.resume();
  await until(() => live.snapshots === 2);
  live.tell(ping);
  await until(() => text.includes('event: ping'));
  expect(text.match(/event: \w+/g)).toEqual(['event: snapshot', 'event: ping']);
});

test('a reader that takes nothing for a minute of pings is cut off', async () => {
  const socket = await deafReader();
  live.tell(large);
  for (let count = 0; count < 6; count += 1) live.tell(ping);
  expect(live.hearers.size).toBe(1);
  live.tell(ping);
  await until(() => live.hearers.size === 0);
  socket.resume();
});

test('the streams end at once when the server is closed, those of deaf readers too', async () => {
  await deafReader();
  live.tell(large);
  const reader = await read();
  await reader.next();
  await app.close();
  await reader.ended();
  expect(live.hearers.size).toBe(0);
});
