import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import fc from 'fast-check';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import { createHttpServer, type HttpServerOptions } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi } from '../support/recording-guard-api.js';
import { corpus, expectAlways, fuzzTimeout, withOneReplaced } from '../support/fuzz.js';

const TOKEN = 'secret-of-webhook';
let app: FastifyInstance;
let guard: RecordingGuardApi;

function created(changes: Partial<HttpServerOptions> = {}): FastifyInstance {
  return createHttpServer({
    guard,
    live: new RecordingLiveApi(),
    reports: emptyReports,
    settings: { host: '127.0.0.1', port: 0, tokens: [{ name: 'am', role: 'webhook', token: TOKEN }] },
    operatorToken: 'the-daemons-own-token',
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    redactor: new Redactor(),
    ...changes,
  });
}

beforeEach(() => {
  guard = new RecordingGuardApi();
  app = created();
});
afterEach(() => app.close());

/** As Alertmanager 0.28 writes it, with fields that it did not have once. */
const message = {
  version: '4',
  groupKey: '{}:{alertname="Down"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'belay',
  notification_reason: 'first',
  routeLabels: { a: 'b' },
  groupLabels: { alertname: 'Down' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://am:9093',
  alerts: [
    { status: 'firing', labels: { alertname: 'Down', pod: 'a' }, annotations: { summary: 'x' }, startsAt: '2026-01-01T00:00:00.123456789Z', endsAt: '0001-01-01T00:00:00Z', generatorURL: 'http://p:9090/graph?g0.expr=up', fingerprint: 'ab12' },
    { status: 'resolved', labels: { alertname: 'Down', pod: 'b' }, annotations: {}, startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-01T02:00:00+01:00', generatorURL: '', fingerprint: 'cd34' },
  ],
};

const post = (payload: string | Buffer, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
  app.inject({ method: 'POST', url: '/api/v1/alertmanager', headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers }, payload });

test('a message with firing and resolved alerts, and fields that nobody knows, is handed on', async () => {
  expect((await post(JSON.stringify(message))).statusCode).toBe(204);
  const instant = Date.UTC(2026, 0, 1);
  expect(guard.calls).toEqual([
    [
      'receiveAlerts',
      {
        groupKey: '{}:{alertname="Down"}',
        receiver: 'belay',
        externalUrl: 'http://am:9093',
        truncatedAlerts: 0,
        alerts: [
          { status: 'firing', labels: { alertname: 'Down', pod: 'a' }, annotations: { summary: 'x' }, startsAt: instant + 123, generatorUrl: 'http://p:9090/graph?g0.expr=up' },
          { status: 'resolved', labels: { alertname: 'Down', pod: 'b' }, annotations: {}, startsAt: instant, endsAt: instant + 3_600_000 },
        ],
      },
      'am',
    ],
  ]);
});

test('the token may be the password of basic authentication, whatever the user is called', async () => {
  const basic = (text: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  for (const good of [`alertmanager:${TOKEN}`, `:${TOKEN}`]) expect((await post(JSON.stringify(message), basic(good))).statusCode, good).toBe(204);
  for (const bad of [TOKEN, `${TOKEN}:`, 'alertmanager:', `alertmanager:x:${TOKEN}`, `alertmanager:${TOKEN} `]) expect((await post(JSON.stringify(message), basic(bad))).statusCode, bad).toBe(401);
});

test('what cannot be stored is 503, never 429', async () => {
  guard.receiveAlerts = () => Promise.reject(new BelayError('store-unavailable', 'The disk is full.'));
  const answer = await post(JSON.stringify(message));
  expect([answer.statusCode, answer.json<{ error: { code: string } }>().error.code]).toEqual([503, 'store-unavailable']);
});

describe('bodies that are no messages', () => {
  const alert = message.alerts[0]!;
  const withAlert = (changes: object): string => JSON.stringify({ ...message, alerts: [{ ...alert, ...changes }] });
  const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  test.each<readonly [what: string, body: string | Buffer, path: string]>([
    ['nothing', '', '/'],
    ['no JSON', '{"version": "4",', '/'],
    ['another version', JSON.stringify({ ...message, version: '3' }), '/version'],
    ['a number as the version', JSON.stringify({ ...message, version: 4 }), '/version'],
    ['a list', '[]', '/'],
    ['null', 'null', '/'],
    ['no alerts', JSON.stringify({ version: '4' }), '/alerts'],
    ['a map of alerts', JSON.stringify({ version: '4', alerts: {} }), '/alerts'],
    ['an alert that is none', JSON.stringify({ version: '4', alerts: [alert, 7] }), '/alerts/1'],
    ['an unknown status', withAlert({ status: 'pending' }), '/alerts/0/status'],
    ['no labels', withAlert({ labels: {} }), '/alerts/0/labels'],
    ['a label that is no text', withAlert({ labels: { a: 1 } }), '/alerts/0/labels/a'],
    ['nested labels', withAlert({ labels: { a: { b: 'c' } } }), '/alerts/0/labels/a'],
    ['a beginning that is no instant', withAlert({ startsAt: 'yesterday' }), '/alerts/0/startsAt'],
    ['a negative count', JSON.stringify({ ...message, truncatedAlerts: -1 }), '/truncatedAlerts'],
    ['a name that reaches into objects', '{"version":"4","alerts":[{"labels":{"__proto__":{"isAdmin":true}}}]}', '/alerts/0/labels/__proto__'],
    ['the same, escaped', '{"version":"4","\\u005f_proto__":{},"alerts":[]}', '/__proto__'],
    ['deep nesting in a field that nobody reads', `{"version":"4","alerts":[],"x":${deep(1_000)}}`, '/x/0/0'],
    ['very deep nesting', deep(1_000_000), '/0/0'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), '/'],
  ])('%s', async (_what, body, path) => {
    const answer = await post(body);
    expect(answer.statusCode).toBe(400);
    const { error } = answer.json<{ error: { code: string; context: { problems: { path: string }[] } } }>();
    expect(error.code).toBe('parameter-invalid');
    expect(error.context.problems.some((problem) => problem.path === path || (path.endsWith('/0/0') && problem.path.startsWith(path))), JSON.stringify(error.context)).toBe(true);
    expect(guard.calls).toEqual([]);
  });

  test('another media type', async () => {
    expect((await post('version=4', { 'content-type': 'application/x-www-form-urlencoded' })).statusCode).toBe(415);
  });

  test.each(corpus('webhook'))('corpus: %s', async (_file, body) => {
    expect((await post(body)).statusCode).toBeLessThan(500);
  });

  test('any JSON at all, and any bytes, are a message or a refusal with a path, and never a fault of ours', { timeout: fuzzTimeout }, async () => {
    await expectAlways(
      'webhook',
      fc.asyncProperty(fc.oneof(fc.json(), fc.uint8Array().map((bytes) => Buffer.from(bytes)), fc.json().map((json) => JSON.stringify({ ...message, alerts: [JSON.parse(json)] }))), async (body) => {
        const answer = await post(body);
        expect(answer.statusCode).toBe(400);
        expect(answer.json<{ error: { context: { problems: unknown[] } } }>().error.context.problems.length).toBeGreaterThan(0);
      }),
      300,
    );
    expect(guard.calls).toEqual([]);
  });

  test('a message in which one place is something else is taken as it stands, or refused with the path', { timeout: fuzzTimeout }, async () => {
    await expectAlways(
      'webhook',
      fc.asyncProperty(withOneReplaced(message), async (changed) => {
        const { statusCode, body } = await post(JSON.stringify(changed));
        expect([204, 400]).toContain(statusCode);
        if (statusCode === 400) expect(body).toContain('"path":"/');
        expect(guard.calls.splice(0)).toHaveLength(statusCode === 204 ? 1 : 0);
      }),
      300,
    );
  });
});

describe('a request that does not arrive in time', () => {
  const timeoutMs = 300;
  const answerOf = async (socket: Socket): Promise<string> => {
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString())).on('error', () => undefined);
    await once(socket, 'close');
    return answer;
  };

  async function listening(): Promise<number> {
    await app.close();
    app = created({ requestTimeoutMs: timeoutMs });
    await app.listen({ host: '127.0.0.1', port: 0 });
    return (app.server.address() as AddressInfo).port;
  }

  test.each([['its body', `POST /api/v1/alertmanager HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 26\r\n\r\n{"version"`], ['its headers', 'POST /api/v1/alertmanager HTTP/1.1\r\nhost: x\r\n']])('is 503, after which it is sent again: %s', async (_what, sent) => {
    const socket = connect(await listening(), '127.0.0.1');
    socket.write(sent);
    const answer = await answerOf(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nconnection: close\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({ error: { code: 'wrong-use', message: 'The request did not arrive within 300ms; send it again.', context: {} } });
    expect(guard.calls).toEqual([]);
  });

  test('is 503 too where it was there, and this process was too busy to read it', async () => {
    const port = await listening();
    const body = JSON.stringify(message);
    const socket = connect(port, '127.0.0.1');
    await once(app.server, 'connection');
    // In the phase after reading: the next thing that the server does is to look for requests that are late.
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(`POST /api/v1/alertmanager HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * timeoutMs + 100);
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 503 /);
    expect((await post(body)).statusCode).toBe(204);
  });

  test('is no request at all: 400 in the same shape', async () => {
    const socket = connect(await listening(), '127.0.0.1');
    socket.write('hello\r\n\r\n');
    const answer = await answerOf(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('"code":"wrong-use"');
  });
});

describe('bodies without an end', () => {
  /** Sends `bytes` in pieces until it is answered; resolves with the status, or `closed`. */
  async function stream(bytes: number, headers: Record<string, string> = {}): Promise<number | 'closed'> {
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const sent = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: '/api/v1/alertmanager', headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers } });
    const answered = Promise.race([once(sent, 'response').then(([response]) => (response as { statusCode: number }).statusCode), once(sent, 'close').then(() => 'closed' as const)]).catch(() => 'closed' as const);
    const over = new AbortController();
    void answered.then(() => over.abort());
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let written = 0; written < bytes && !over.signal.aborted; written += piece.length) {
      if (!sent.write(piece)) await Promise.race([once(sent, 'drain'), answered]).catch(() => undefined);
    }
    const status = await answered;
    sent.destroy();
    return status;
  }

  test('10 MB are refused when they are announced', async () => {
    expect(await stream(1024, { 'content-length': String(10 * 1024 * 1024) })).toBe(413);
  });

  test('a stream without an end is cut off, and memory stays what it was', async () => {
    const before = process.memoryUsage().rss;
    expect([413, 'closed']).toContain(await stream(1024 * 1024 * 1024));
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    expect((await post(JSON.stringify(message))).statusCode).toBe(204);
  });
});
