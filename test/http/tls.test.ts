import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonClient } from '../../src/cli/daemon-client.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { readTls } from '../../src/http/tls-settings.js';
import { Redactor } from '../../src/secret/redactor.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi } from '../support/recording-guard-api.js';

const TOKEN = 'secret-of-webhook';
const OPERATOR = 'the-daemons-own-token';
let folder: string;
let app: FastifyInstance;
let port: number;
const guard = new RecordingGuardApi();
const at = (name: string): string => join(folder, name);

/** Without openssl it fails with ENOENT: the Debian package is `openssl`. */
const openssl = (...argv: readonly string[]): Promise<unknown> => promisify(execFile)('openssl', argv, { cwd: folder });

async function signed(name: string, subject: string, ca: string): Promise<void> {
  await openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
  await openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-days', '2', '-out', `${name}.pem`);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belay-tls-'));
  for (const ca of ['ca', 'stranger']) await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', `${ca}.key`, '-out', `${ca}.pem`, '-subj', `/CN=${ca}`);
  await signed('server', '/CN=belay.example', 'stranger');
  await signed('alertmanager', '/CN=alertmanager-1', 'ca');
  await signed('mallory', '/CN=alertmanager-1', 'stranger');
  const tls = await readTls({ cert: at('server.pem'), key: at('server.key'), clientCa: at('ca.pem') });
  app = createHttpServer({
    guard,
    live: new RecordingLiveApi(),
    reports: emptyReports,
    settings: { host: '127.0.0.1', port: 0, tokens: [{ name: 'am', role: 'webhook', token: TOKEN }] },
    operatorToken: OPERATOR,
    logger: pino({ level: 'silent' }),
    tls,
    registry: new Registry(),
    redactor: new Redactor(),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

async function ask(method: string, path: string, client?: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const own = client === undefined ? {} : { cert: await readFile(at(`${client}.pem`)), key: await readFile(at(`${client}.key`)) };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, ca: [], rejectUnauthorized: false, agent: false, headers: { 'content-type': 'application/json', ...headers }, ...own }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end(method === 'POST' ? '{"version":"4","alerts":[]}' : undefined);
  });
}

test('a certificate that clientCa has signed may deliver, and nothing else', async () => {
  expect(await ask('POST', '/api/v1/alertmanager', 'alertmanager')).toBe(204);
  expect(guard.calls.at(-1)?.at(-1)).toBe('alertmanager-1');
  expect(await ask('POST', '/api/v1/alertmanager', 'alertmanager', { host: 'belay.internal:9797' })).toBe(204);
  expect(await ask('GET', '/api/v1/status', 'alertmanager')).toBe(403);
  expect(await ask('POST', '/-/reload', 'alertmanager')).toBe(403);
});

test('any other certificate is worth nothing, and a token still is', async () => {
  expect(await ask('POST', '/api/v1/alertmanager', 'mallory')).toBe(401);
  expect(await ask('POST', '/api/v1/alertmanager')).toBe(401);
  expect(await ask('POST', '/api/v1/alertmanager', 'mallory', { authorization: `Bearer ${TOKEN}` })).toBe(204);
  expect(await ask('POST', '/api/v1/alertmanager', 'alertmanager', { authorization: 'Bearer of-nobody' })).toBe(401);
});

test('the command line speaks to its own daemon, whatever the certificate is called, and to no other', async () => {
  const url = `https://127.0.0.1:${port}`;
  const certificate = await readFile(at('server.pem'), 'utf8');
  expect(await new DaemonClient({ url, token: OPERATOR, certificate }).get('/api/v1/status')).toMatchObject({ environment: 'production' });
  await expect(new DaemonClient({ url, token: OPERATOR }).get('/api/v1/status')).rejects.toMatchObject({ code: 'daemon-unreachable' });
  await expect(new DaemonClient({ url, token: OPERATOR, certificate: await readFile(at('alertmanager.pem'), 'utf8') }).get('/api/v1/status')).rejects.toMatchObject({ code: 'daemon-unreachable' });
});

test('files that do not belong together are refused at the start', async () => {
  await expect(readTls({ cert: at('server.pem'), key: at('alertmanager.key') })).rejects.toMatchObject({ code: 'config-invalid' });
  await expect(readTls({ cert: at('nowhere.pem'), key: at('server.key') })).rejects.toMatchObject({ code: 'config-invalid' });
  await writeFile(at('empty.pem'), '');
  await expect(readTls({ cert: at('empty.pem'), key: at('server.key') })).rejects.toMatchObject({ code: 'config-invalid' });
});
