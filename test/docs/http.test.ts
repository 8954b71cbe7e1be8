import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpServer } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import { codeBlocks, readDoc, tableRows } from '../support/markdown.js';
import { emptyDrills, emptyReports, RecordingGuardApi, RecordingLiveApi } from '../support/recording-guard-api.js';

const page = readDoc('docs/http.md');
const TOKEN = 'the-daemons-own-token';

let app: FastifyInstance;
let guard: RecordingGuardApi;
const served: (readonly string[])[] = [];

beforeEach(() => {
  guard = new RecordingGuardApi();
  served.length = 0;
  app = createHttpServer({ live: new RecordingLiveApi(), reports: emptyReports,
    drills: emptyDrills, guard, settings: { host: '127.0.0.1', port: 0, tokens: [] }, operatorToken: TOKEN, logger: pino({ level: 'silent' }), registry: new Registry(), redactor: new Redactor() });
  app.addHook('onRoute', ({ method, url, config }) => void served.push([String(method), url, config?.role ?? 'admin']));
});
afterEach(() => app.close());

test('the table has every endpoint with its role, and no other', async () => {
  await app.ready();
  // Fastify answers HEAD wherever it answers GET.
  const endpoints = served.filter(([method]) => method !== 'HEAD').toSorted();
  expect(tableRows(page, 'Method').map((row) => row.slice(0, 3)).toSorted()).toEqual(endpoints);
});

test('every example does with a real curl what the page says', async () => {
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const said: Record<string, string> = {};
  for (const { info, text } of codeBlocks(page)) {
    const name = /^sh example=(\w+)$/.exec(info)?.[1];
    if (name !== undefined) said[name] = await shell(text, { BELAY_URL: url, BELAY_TOKEN: TOKEN });
  }
  expect(JSON.parse(said['status'] ?? '')).toMatchObject({ environment: 'production', targets: [{ name: 'checkout' }] });
  expect(said['events']).toMatch(/^event: snapshot\nid: 7\ndata: \{/);
  expect(said['mark']).toBe('');
  expect(JSON.parse(said['pause'] ?? '')).toMatchObject({ id: 'p1', reason: 'database migration' });
  expect(JSON.parse(said['rollback'] ?? '')).toMatchObject({ incidentId: 'i2' });
  expect(guard.calls).toEqual([
    ['markChange', { target: 'checkout', kind: 'deploy', version: 'v42' }, 'local operator'],
    ['pause', { target: 'checkout', reason: 'database migration', forMs: 7_200_000, now: false }, 'local operator'],
    ['startRollback', { what: { planId: 'checkout-flag-off' }, reason: 'orders fail since the release', dryRun: false }, 'local operator'],
    ['reload', 'local operator'],
  ]);
});

/** Runs an example as a person would paste it. Without curl it fails with 127: the Debian package is `curl`. */
async function shell(text: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-c', text], { env: { ...process.env, ...variables, no_proxy: '127.0.0.1' } });
  return stdout;
}
