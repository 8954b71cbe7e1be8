import fc from 'fast-check';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import { corpus, fuzzRuns, fuzzTimeout } from '../support/fuzz.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi } from '../support/recording-guard-api.js';

const TOKEN = 'the-daemons-own-token';
let app: FastifyInstance;
let paths: readonly string[];
beforeAll(async () => {
  app = createHttpServer({ live: new RecordingLiveApi(), reports: emptyReports, guard: new RecordingGuardApi(), settings: { host: '127.0.0.1', port: 0, tokens: [{ name: 'root', role: 'admin', token: TOKEN }] }, operatorToken: TOKEN, logger: pino({ level: 'silent' }), registry: new Registry(), redactor: new Redactor() });
  const described = await app.inject({ url: '/api/v1/openapi.json', headers: { authorization: `Bearer ${TOKEN}` } });
  // A stream of events has no end that could be waited for.
  paths = [...Object.keys(described.json<{ paths: object }>().paths).filter((path) => !path.endsWith('/events')), '/api/v1/unknown', '/-/unknown'];
});
afterAll(() => app.close());

const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('i1', 'e1', '..', '%', '%00', '%ff', '__proto__', 'constructor', '\u0000', 'a'.repeat(5_000), '-1', '1e9', 'NaN', "' or 1=1 --", '\r\nx: y'));
const body = fc.oneof(
  fc.json(),
  fc.string(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.dictionary(fc.constantFrom('plan', 'target', 'level', 'reason', 'dryRun', 'version', 'kind', 'for', 'decision', 'limit', 'now', 'by', '__proto__', 'configVersion', 'flags'), fc.oneof(word, fc.jsonValue(), fc.constantFrom<unknown>(1, true, null, '5m', 'deploy', 'good', 'approve'))).map((value) => JSON.stringify(value)),
);
const request = fc.record({
  path: fc.nat(1_000),
  method: fc.constantFrom<NonNullable<InjectOptions['method']>>('GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'PATCH'),
  words: fc.array(word, { minLength: 3, maxLength: 3 }),
  query: fc.dictionary(fc.constantFrom('limit', 'target', 'before', 'format', 'period', 'x'), word),
  body: fc.option(body, { nil: undefined }),
  type: fc.constantFrom('application/json', 'application/json; charset=utf-16', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''),
});
type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

async function expectAnswered({ path, method, words, query, body: payload, type }: Asked): Promise<void> {
  const next = [...words];
  const url = (paths[path % paths.length] ?? '/').replace(/\{[^}]+\}/g, () => encodeURIComponent(next.shift() ?? 'x'));
  const answer = await app.inject({ method, url, query, headers: { authorization: `Bearer ${TOKEN}`, ...(type === '' || payload === undefined ? {} : { 'content-type': type }) }, ...(payload === undefined ? {} : { payload }) });
  expect(answer.statusCode, `${method} ${url}: ${answer.body.slice(0, 300)}`).toBeLessThan(500);
  if (answer.statusCode >= 400 && method !== 'HEAD') expect(typeof answer.json<{ error: { code: unknown } }>().error.code).toBe('string');
}

it.each(corpus('api'))('corpus: %s', (_file, text) => expectAnswered(JSON.parse(text) as Asked));

it('whatever is asked of the API is answered, and never by a fault of ours', { timeout: fuzzTimeout }, async () => {
  await fc.assert(fc.asyncProperty(request, expectAnswered), fuzzRuns(300));
});
