import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpServer } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi } from '../support/recording-guard-api.js';

const MOST_BYTES = 60 * 1024;
let app: FastifyInstance;

beforeAll(() => {
  app = createHttpServer({ live: new RecordingLiveApi(), reports: emptyReports, guard: new RecordingGuardApi(), settings: { host: '127.0.0.1', port: 0, tokens: [{ name: 'a', role: 'viewer', token: 't' }] }, operatorToken: 'o', logger: pino({ level: 'silent' }), registry: new Registry(), redactor: new Redactor() });
});
afterAll(() => app.close());

const assetsIn = (html: string): readonly string[] => [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);

test.each(['/', '/targets/checkout', '/incidents?target=checkout', '/incidents/i1', '/plans', '/plans/p1'])('%s is the page, for everybody, and is asked for anew each time', async (url) => {
  const answer = await app.inject({ url, headers: { host: 'somewhere.example' }, remoteAddress: '10.1.2.3' });
  expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-cache']);
  const again = await app.inject({ url, headers: { 'if-none-match': answer.headers.etag ?? '' } });
  expect([again.statusCode, again.body]).toEqual([304, '']);
});

test('the page has nothing inline and nothing from elsewhere, and its policy allows neither', async () => {
  const { body, headers } = await app.inject('/');
  expect(body).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)|\son\w+=|https?:/);
  const policy = String(headers['content-security-policy']).split('; ');
  expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]));
  expect(headers['x-content-type-options']).toBe('nosniff');
});

test('assets are kept for good, come compressed to who takes it, and are only those of the build', async () => {
  const paths = assetsIn((await app.inject('/')).body);
  expect(paths.length).toBeGreaterThan(1);
  for (const url of paths) {
    const plain = await app.inject(url);
    const compressed = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } });
    expect([plain.statusCode, plain.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect(gunzipSync(compressed.rawPayload)).toEqual(plain.rawPayload);
  }
  for (const url of ['/assets/nothing.js', '/assets/..%2Findex.html', '/assets/%2e%2e/index.html', '/assets/']) expect((await app.inject(url)).statusCode, url).toBe(404);
});

test('what the page shows is not for everybody', async () => {
  for (const url of ['/api/v1/status', '/api/v1/events', '/api/v1/session']) expect((await app.inject(url)).statusCode).toBe(401);
});

test('all of it is at most 60 KB', () => {
  const folder = fileURLToPath(new URL('../../dist/page/', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.'));
  expect(files.length).toBeGreaterThan(3);
  expect(files.reduce((bytes, name) => bytes + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0)).toBeLessThanOrEqual(MOST_BYTES);
});
