import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Delivery } from '../../src/notify/channel.js';
import type { Message } from '../../src/notify/message.js';
import { WebhookChannel } from '../../src/notify/webhook-channel.js';
import { FakeClock } from '../support/fake-clock.js';

const message: Message = { kind: 'firing', tone: 'bad', incidentId: 'i1', target: 'checkout', dryRun: true, title: 'DRY RUN: checkout', text: 'text', facts: [['target', 'checkout']], next: 'wait' };
const clock = new FakeClock(Date.UTC(2026, 0, 1));
const item = { id: 'item-1', channel: 'webhook', message, recipients: ['ana'], createdAt: clock.now(), attempts: 0, nextAttemptAt: 0 } as const;
const delivery: Delivery = { item, newest: item };

let server: Server;
let url: string;
let answer: (response: ServerResponse) => void;
const received: { body: unknown; headers: IncomingHttpHeaders }[] = [];

beforeEach(async () => {
  received.length = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ body: JSON.parse(Buffer.concat(chunks).toString('utf8')), headers: request.headers });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const channel = (): WebhookChannel => new WebhookChannel('webhook', { url, headers: { authorization: 'Bearer top-secret' } }, clock);
const answerWith = (status: number, headers: Record<string, string> = {}) => (response: ServerResponse): void => void response.writeHead(status, headers).end('top-secret echoed');

it('posts the message as JSON', async () => {
  answer = answerWith(204);
  expect(await channel().send(delivery)).toEqual({ kind: 'sent' });
  expect(received[0]!.body).toEqual({ id: 'item-1', createdAt: '2026-01-01T00:00:00.000Z', recipients: ['ana'], ...message });
  expect(received[0]!.headers).toMatchObject({ authorization: 'Bearer top-secret', 'content-type': 'application/json' });
});

it.each([
  [500, {}, { kind: 'retry', afterMs: undefined }],
  [503, { 'retry-after': '120' }, { kind: 'retry', afterMs: 120_000 }],
  [429, { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, { kind: 'retry', afterMs: 60_000 }],
  [429, { 'retry-after': 'soon' }, { kind: 'retry', afterMs: undefined }],
  [400, {}, { kind: 'undeliverable' }],
  [422, {}, { kind: 'undeliverable' }],
  // A person can mend these, and then the message still matters.
  [401, {}, { kind: 'retry', afterMs: 300_000 }],
  [404, {}, { kind: 'retry', afterMs: 300_000 }],
  [302, { location: 'http://127.0.0.1:1/elsewhere' }, { kind: 'retry', afterMs: 300_000 }],
] as const)('answered with %i %o', async (status, headers, expected) => {
  answer = answerWith(status, headers);
  const result = await channel().send(delivery);
  expect(result).toMatchObject(expected);
  expect(inspect(result)).not.toContain('top-secret');
  expect(received).toHaveLength(1);
});

it('a broken connection is tried again', async () => {
  answer = (response) => void response.destroy();
  const result = await channel().send(delivery);
  expect(result).toMatchObject({ kind: 'retry' });
  expect(inspect(result)).not.toContain('top-secret');
});

it('an endless answer is not read', async () => {
  answer = (response) => {
    response.writeHead(200);
    response.write('x'.repeat(200_000));
  };
  expect(await channel().send(delivery)).toMatchObject({ kind: 'retry', error: expect.stringContaining('maxContentLength') as string });
});
