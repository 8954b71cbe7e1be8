import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import type { HttpSettings, Role } from '../../src/config/config.js';
import { BelayError } from '../../src/fault/belay-error.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { Redactor } from '../../src/secret/redactor.js';
import { emptyDrills, emptyReports, RecordingGuardApi, RecordingLiveApi, status } from '../support/recording-guard-api.js';

const OWN_TOKEN = 'the-daemons-own-token';
const roles: readonly Role[] = ['viewer', 'operator', 'approver', 'admin', 'webhook'];
const configured: HttpSettings['tokens'] = roles.map((role) => ({ name: `${role}-token`, role, token: `secret-of-${role}` }));

const apps: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

interface Setup {
  readonly app: FastifyInstance;
  readonly guard: RecordingGuardApi;
  readonly redactor: Redactor;
  readonly log: string[];
  /** As the role's token; `local` is the daemon's own, `none` sends none. */
  ask(as: Role | 'local' | 'none', options: InjectOptions): Promise<LightMyRequestResponse>;
}

function setup(tokens = configured): Setup {
  const guard = new RecordingGuardApi();
  const redactor = new Redactor();
  const log: string[] = [];
  const registry = new Registry();
  new Counter({ name: 'belay_tests_total', help: 'h', registers: [registry] }).inc(3);
  const app = createHttpServer({
    live: new RecordingLiveApi(),
    reports: emptyReports,
    drills: emptyDrills,
    guard,
    settings: { host: 'belay.internal', port: 0, tokens },
    operatorToken: OWN_TOKEN,
    logger: pino({}, { write: (line: string) => void log.push(line) }),
    registry,
    redactor,
  });
  apps.push(app);
  return {
    app,
    guard,
    redactor,
    log,
    ask: (as, options) =>
      app.inject({
        ...options,
        headers: { ...(as === 'none' ? {} : { authorization: `Bearer ${as === 'local' ? OWN_TOKEN : `secret-of-${as}`}` }), ...options.headers },
      }),
  };
}

const startBody = { plan: 'checkout-flag-off', reason: 'errors' };
type Least = 'open' | 'viewer' | 'operator' | 'approver' | 'webhook';

/** Every route, who may use it at least, and what a good request is answered with. */
const routes: readonly (readonly [least: Least, status: number, request: InjectOptions & { readonly url: string }])[] = [
  ['open', 200, { method: 'GET', url: '/-/healthy' }],
  ['open', 200, { method: 'GET', url: '/-/ready' }],
  ['viewer', 200, { method: 'GET', url: '/metrics' }],
  ['viewer', 200, { method: 'HEAD', url: '/metrics' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/openapi.json' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/status' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/session' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/triggers' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/triggers/checkout/CheckoutErrorRateHigh/series?since=5' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/incidents' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/incidents/i1' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/incidents/i1/report?format=html' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/report' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/rollbacks/e1' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/drills' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/drills/drill-1' }],
  ['operator', 202, { method: 'POST', url: '/api/v1/drills', payload: { plan: 'checkout-flag-off' } }],
  ['operator', 204, { method: 'POST', url: '/api/v1/drills/drill-1/cancel' }],
  ['operator', 204, { method: 'POST', url: '/-/reload' }],
  ['operator', 202, { method: 'POST', url: '/api/v1/rollbacks', payload: startBody }],
  ['operator', 204, { method: 'POST', url: '/api/v1/rollbacks/e1/cancel' }],
  ['operator', 202, { method: 'POST', url: '/api/v1/rollbacks/e1/undo', payload: { reason: 'not that' } }],
  ['operator', 202, { method: 'POST', url: '/api/v1/rollbacks/e1/verify' }],
  ['viewer', 200, { method: 'GET', url: '/api/v1/plans' }],
  ['operator', 200, { method: 'GET', url: '/api/v1/plans/checkout-flag-off' }],
  ['operator', 204, { method: 'POST', url: '/api/v1/incidents/i1/close', payload: { reason: 'done' } }],
  ['operator', 204, { method: 'POST', url: '/api/v1/changes', payload: { target: 'checkout', version: '1.2', kind: 'deploy' } }],
  ['operator', 201, { method: 'POST', url: '/api/v1/pauses', payload: { reason: 'work' } }],
  ['operator', 204, { method: 'DELETE', url: '/api/v1/pauses/p1' }],
  ['operator', 204, { method: 'POST', url: '/api/v1/resets', payload: {} }],
  ['webhook', 204, { method: 'POST', url: '/api/v1/alertmanager', payload: { version: '4', alerts: [] } }],
  ['operator', 204, { method: 'POST', url: '/api/v1/incidents/i1/ack' }],
  ['approver', 200, { method: 'POST', url: '/api/v1/approvals/a1', payload: { decision: 'approve' } }],
  // What a signature would have to prove is not configured here.
  ['open', 404, { method: 'POST', url: '/api/v1/slack/interactions' }],
];

describe('who may do what', () => {
  const may: Record<Least, readonly string[]> = {
    open: ['none', 'webhook', 'viewer', 'operator', 'approver', 'admin', 'local'],
    viewer: ['viewer', 'operator', 'approver', 'admin', 'local'],
    operator: ['operator', 'approver', 'admin', 'local'],
    approver: ['approver', 'admin'],
    webhook: ['webhook', 'operator', 'approver', 'admin', 'local'],
  };

  test.each(routes)('%s or above: %i for %o', async (least, good, request) => {
    const { ask, guard } = setup();
    for (const as of ['none', 'local', ...roles] as const) {
      const before = guard.calls.length;
      const answer = await ask(as, request);
      const expected = may[least].includes(as) ? good : as === 'none' ? 401 : 403;
      expect([as, answer.statusCode]).toEqual([as, expected]);
      if (expected >= 400) expect(guard.calls).toHaveLength(before);
    }
  });

  test.each(routes)('without configured tokens this machine may only view, and others nothing (%s: %i for %o)', async (least, good, request) => {
    const { ask } = setup([]);
    const statusOf = async (options: InjectOptions): Promise<number> => (await ask('none', { ...request, ...options })).statusCode;
    const viewing = least === 'operator' || least === 'approver' || least === 'webhook' ? 401 : good;
    for (const remoteAddress of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) expect(await statusOf({ remoteAddress })).toBe(viewing);
    const refused = least === 'open' ? good : 401;
    for (const remoteAddress of ['10.0.0.7', '::ffff:10.0.0.7', '2001:db8::1', '128.0.0.1']) expect(await statusOf({ remoteAddress })).toBe(refused);
    // A proxy on this machine speaks for somebody else.
    expect(await statusOf({ headers: { 'x-forwarded-for': '203.0.113.9' } })).toBe(refused);
    expect((await ask('local', request)).statusCode).toBe(least === 'approver' ? 403 : good);
  });

  test.each(routes.filter(([least]) => least !== 'open'))('an unknown token is refused, from this machine too (%s: %i for %o)', async (_least, _good, request) => {
    for (const tokens of [configured, []]) {
      const { app } = setup(tokens);
      for (const authorization of ['Bearer secret-of-nobody', 'Bearer ', 'Bearer', `Basic ${OWN_TOKEN}`, OWN_TOKEN, `Bearer ${OWN_TOKEN}x`, `Bearer x ${OWN_TOKEN}`]) {
        const answer = await app.inject({ ...request, headers: { authorization } });
        expect(answer.statusCode).toBe(401);
        expect(answer.headers['www-authenticate']).toBe('Bearer');
        expect(answer.body).not.toContain(OWN_TOKEN);
      }
    }
  });

  test('a refusal says what is missing', async () => {
    const { ask } = setup();
    expect((await ask('viewer', { method: 'POST', url: '/-/reload' })).json()).toEqual({
      error: { code: 'forbidden', message: 'The token "viewer-token" has the role viewer; this needs operator or above.', context: { required: 'operator', role: 'viewer' } },
    });
    expect((await ask('none', { url: '/api/v1/status' })).json()).toMatchObject({ error: { code: 'unauthorized', context: { required: 'viewer' } } });
    expect((await setup([]).ask('none', { method: 'POST', url: '/-/reload' })).json()).toMatchObject({ error: { code: 'unauthorized', message: expect.stringContaining('may only view') as string } });
  });

  test('a body is not even read before', async () => {
    const { ask } = setup();
    expect((await ask('viewer', { method: 'POST', url: '/api/v1/rollbacks', headers: { 'content-type': 'application/json' }, payload: '{bad' })).statusCode).toBe(403);
  });
});

describe('web pages of others', () => {
  const view = (headers: Record<string, string>): InjectOptions => ({ url: '/api/v1/status', headers });

  test('a foreign Host is refused, addresses and our own names are not', async () => {
    const { ask } = setup([]);
    for (const host of ['evil.example', 'evil.example:9797', 'localhost.evil.example', '127.0.0.1.nip.io', 'belay.internal.evil.example', 'a b', '@', '127.0.0.1@evil.example']) {
      const answer = await ask('none', view({ host }));
      expect([host, answer.statusCode]).toEqual([host, 403]);
      expect(answer.json()).toMatchObject({ error: { code: 'forbidden' } });
    }
    for (const host of ['localhost', 'localhost:9797', 'LOCALHOST:1', '127.0.0.1:9797', '[::1]:9797', '10.1.2.3', 'Belay.Internal:9797']) {
      expect([host, (await ask('none', view({ host }))).statusCode]).toEqual([host, 200]);
    }
  });

  test('a token makes any Host good, because no page has one; a probe needs neither', async () => {
    const { ask } = setup();
    expect((await ask('viewer', view({ host: 'belay.cluster.example' }))).statusCode).toBe(200);
    expect((await ask('none', view({ host: 'belay.cluster.example' }))).statusCode).toBe(403);
    expect((await ask('none', { url: '/-/ready', headers: { host: 'belay.cluster.example' } })).statusCode).toBe(200);
    expect((await ask('none', { url: '/unknown', headers: { host: 'evil.example' } })).statusCode).toBe(403);
  });

  test('a foreign Origin is refused even with a token', async () => {
    const { ask, guard } = setup();
    for (const origin of ['http://evil.example', 'null', 'http://localhost:3000', 'http://localhost:9798', 'nonsense']) {
      const answer = await ask('operator', { method: 'POST', url: '/-/reload', headers: { host: 'localhost:9797', origin } });
      expect([origin, answer.statusCode]).toEqual([origin, 403]);
    }
    expect(guard.calls).toEqual([]);
    expect((await ask('operator', { method: 'POST', url: '/-/reload', headers: { host: 'localhost:9797', origin: 'http://localhost:9797' } })).statusCode).toBe(204);
  });
});

describe('what is answered', () => {
  test('probes', async () => {
    const { ask, guard } = setup();
    expect((await ask('none', { url: '/-/healthy' })).json()).toEqual({ healthy: true });
    expect((await ask('none', { url: '/-/ready' })).json()).toEqual({ ready: true, notReady: [] });
    guard.missing = ['source prometheus has not answered yet'];
    const answer = await ask('none', { url: '/-/ready' });
    expect([answer.statusCode, answer.json()]).toEqual([503, { ready: false, notReady: guard.missing }]);
  });

  test('metrics as Prometheus reads them', async () => {
    const answer = await setup().ask('viewer', { url: '/metrics' });
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.body).toContain('belay_tests_total 3');
  });

  test('views, whole', async () => {
    const { ask, guard } = setup();
    expect((await ask('viewer', { url: '/api/v1/status' })).json()).toEqual(status);
    expect((await ask('viewer', { url: '/api/v1/triggers' })).json()).toEqual({ triggers: await guard.triggers() });
    expect((await ask('viewer', { url: '/api/v1/incidents/i1' })).json()).toMatchObject({ id: 'i1', rungs: [{ steps: [{ description: { summary: 'on → off', before: null } }] }] });
    expect((await ask('viewer', { url: '/api/v1/rollbacks/e1' })).json()).toMatchObject({ executionId: 'e1', incidentId: 'i1', target: 'checkout' });
  });

  test('a page of incidents', async () => {
    const { ask, guard } = setup();
    expect((await ask('viewer', { url: '/api/v1/incidents' })).json()).toMatchObject({ incidents: [{ id: 'i1' }] });
    await ask('viewer', { url: '/api/v1/incidents?target=checkout&limit=7&before=i9' });
    expect(guard.calls).toEqual([
      ['incidents', { limit: 50 }],
      ['incidents', { target: 'checkout', limit: 7, beforeId: 'i9' }],
    ]);
  });

  test('actions, booked under the name of the token', async () => {
    const { ask, guard } = setup();
    const post = (url: string, payload?: object): Promise<LightMyRequestResponse> => ask('operator', { method: 'POST', url, ...(payload === undefined ? {} : { payload }) });
    const started = await post('/api/v1/rollbacks', { target: 'checkout', level: 3, reason: ' errors ', dryRun: true });
    expect(started.json()).toEqual({ executionId: 'e/2', incidentId: 'i2' });
    expect(started.headers.location).toBe('/api/v1/rollbacks/e%2F2');
    await post('/api/v1/rollbacks', startBody);
    expect((await post('/api/v1/rollbacks/e1/cancel')).body).toBe('');
    await post('/api/v1/incidents/i1/close', { reason: 'fixed by hand' });
    await post('/api/v1/changes', { target: 'checkout', version: '1.2', kind: 'good' });
    expect((await post('/api/v1/pauses', { target: 'checkout', reason: 'migration', for: '1h30m' })).json()).toEqual({ id: 'p1', by: 'operator-token', reason: 'migration', since: 1 });
    await ask('local', { method: 'DELETE', url: '/api/v1/pauses/p1?reason=done', headers: { 'content-type': 'application/json' } });
    await post('/api/v1/changes', { target: 'checkout', version: '1.3' });
    await post('/api/v1/rollbacks', { plan: 'checkout-flag-off' });
    await post('/api/v1/resets', {});
    await ask('admin', { method: 'POST', url: '/-/reload' });
    expect(guard.calls).toEqual([
      ['startRollback', { what: { target: 'checkout', level: 3 }, reason: 'errors', dryRun: true }, 'operator-token'],
      ['startRollback', { what: { planId: 'checkout-flag-off' }, reason: 'errors', dryRun: false }, 'operator-token'],
      ['cancelRollback', 'e1', 'operator-token'],
      ['closeIncident', 'i1', 'fixed by hand', 'operator-token'],
      ['markChange', { target: 'checkout', version: '1.2', kind: 'good' }, 'operator-token'],
      ['pause', { target: 'checkout', reason: 'migration', forMs: 5_400_000, now: false }, 'operator-token'],
      ['resume', 'p1', 'local operator', 'done'],
      ['markChange', { target: 'checkout', version: '1.3', kind: 'deploy' }, 'operator-token'],
      ['startRollback', { what: { planId: 'checkout-flag-off' }, reason: 'started by hand', dryRun: false }, 'operator-token'],
      ['reset', undefined, 'operator-token'],
      ['reload', 'admin-token'],
    ]);
  });
});

describe('bad requests', () => {
  const bad: readonly (readonly [url: string, payload: unknown, path: string])[] = [
    ['/api/v1/drills', { plan: 'p', backup: 'b' }, '/backup'],
    ['/api/v1/drills', { dryRun: true }, '/plan'],
    ['/api/v1/rollbacks', { target: 't', level: 3 }, '/reason'],
    ['/api/v1/rollbacks', { plan: 'p', reason: '   ' }, '/reason'],
    ['/api/v1/rollbacks', { reason: 'r' }, '/target'],
    ['/api/v1/rollbacks', { target: 't', reason: 'r' }, '/level'],
    ['/api/v1/rollbacks', { target: 't', level: 6, reason: 'r' }, '/level'],
    ['/api/v1/rollbacks', { target: 't', level: '3', reason: 'r' }, '/level'],
    ['/api/v1/rollbacks', { plan: 'p', target: 't', reason: 'r' }, '/target'],
    ['/api/v1/rollbacks', { plan: 'p', reason: 'r', dryRun: 'yes' }, '/dryRun'],
    ['/api/v1/rollbacks', { plan: 'p', reason: 'r', dryrun: true }, '/'],
    ['/api/v1/rollbacks', [], '/'],
    ['/api/v1/changes', { target: 't', version: '1', kind: 'bad' }, '/kind'],
    ['/api/v1/changes', { target: 't', version: 1, kind: 'good' }, '/version'],
    ['/api/v1/pauses', { reason: 'r', for: 'soon' }, '/for'],
    ['/api/v1/pauses', { reason: 'r', for: '0' }, '/for'],
    ['/api/v1/pauses', { reason: 'r', for: 60 }, '/for'],
    ['/api/v1/resets', { target: '' }, '/target'],
    ['/api/v1/incidents/i1/close', {}, '/reason'],
    ['/api/v1/approvals/a1', {}, '/decision'],
    ['/api/v1/approvals/a1', { decision: 'yes' }, '/decision'],
    ['/api/v1/approvals/a1', { decision: 'reject', reason: ' ' }, '/reason'],
  ];
  test.each(bad)('%s %o names %s', async (url, payload, path) => {
    const { ask, guard } = setup();
    const answer = await ask('approver', { method: 'POST', url, payload: payload as object });
    expect(answer.statusCode).toBe(400);
    const { error } = answer.json<{ error: { code: string; message: string; context: { problems: { in: string; path: string }[] } } }>();
    expect(error.code).toBe('parameter-invalid');
    expect(error.context.problems[0]).toMatchObject({ in: 'body', path });
    expect(error.message).toContain(`body ${path}`);
    expect(guard.calls).toEqual([]);
  });

  test('of other shapes', async () => {
    const { ask } = setup();
    const post = async (payload: string, type = 'application/json'): Promise<[number, string]> => {
      const answer = await ask('operator', { method: 'POST', url: '/api/v1/rollbacks', payload, headers: { 'content-type': type } });
      return [answer.statusCode, answer.json<{ error: { code: string } }>().error.code];
    };
    expect(await post('{"plan":')).toEqual([400, 'wrong-use']);
    expect(await post('')).toEqual([400, 'parameter-invalid']);
    expect(await post('{"__proto__":{"plan":"p"},"reason":"r"}')).toEqual([400, 'wrong-use']);
    expect(await post('plan=p', 'application/x-www-form-urlencoded')).toEqual([415, 'wrong-use']);
    expect(await post(JSON.stringify({ reason: 'x'.repeat(1024 * 1024) }))).toEqual([413, 'wrong-use']);
    const limit = await ask('viewer', { url: '/api/v1/incidents?limit=0' });
    expect(limit.json()).toMatchObject({ error: { code: 'parameter-invalid', context: { problems: [{ in: 'querystring', path: '/limit' }] } } });
    expect((await ask('viewer', { url: '/api/v1/incidents?befor=i1' })).statusCode).toBe(400);
  });

  test('of unknown things', async () => {
    const { ask } = setup();
    const outcome = async (options: InjectOptions): Promise<[number, string]> => {
      const answer = await ask('operator', options);
      return [answer.statusCode, answer.json<{ error: { code: string } }>().error.code];
    };
    for (const url of ['/api/v1/incidents/i9', '/api/v1/rollbacks/e9', '/api', '/targets', '/api/v2/status', '/api/v1/incidents/%2e%2e']) expect(await outcome({ url })).toEqual([404, 'not-found']);
    expect(await outcome({ method: 'DELETE', url: '/api/v1/pauses/p9' })).toEqual([404, 'not-found']);
    expect(await outcome({ method: 'POST', url: '/api/v1/rollbacks/e9/cancel' })).toEqual([404, 'not-found']);
    expect(await outcome({ method: 'POST', url: '/api/v1/rollbacks', payload: { plan: 'p9', reason: 'r' } })).toEqual([404, 'plan-not-found']);
    expect(await outcome({ method: 'POST', url: '/api/v1/rollbacks', payload: { target: 'busy', level: 1, reason: 'r' } })).toEqual([409, 'target-busy']);
  });
});

describe('faults', () => {
  test('of our own are logged, and told without their insides', async () => {
    const { ask, guard, log } = setup();
    guard.fault = new TypeError('cannot read x of undefined');
    const answer = await ask('viewer', { url: '/api/v1/status' });
    expect([answer.statusCode, answer.json()]).toEqual([500, { error: { code: 'internal', message: 'Belay could not answer this; its log says why.', context: {} } }]);
    expect(log.join('')).toContain('cannot read x of undefined');
  });

  test('of the store are 503', async () => {
    const { ask, guard } = setup();
    guard.fault = new BelayError('store-unavailable', 'the disk is full');
    expect((await ask('viewer', { url: '/api/v1/status' })).statusCode).toBe(503);
  });

  test('and views never tell a secret', async () => {
    const { ask, guard, redactor } = setup();
    redactor.add('hunter2"pass');
    redactor.add('connection refused');
    expect((await ask('viewer', { url: '/api/v1/status' })).json<typeof status>().sources[0]?.message).toBe('[redacted]');
    guard.fault = new BelayError('conflict', 'it is hunter2"pass', { context: { list: ['hunter2"pass'] } });
    expect((await ask('viewer', { url: '/api/v1/status' })).json()).toMatchObject({ error: { message: 'it is [redacted]', context: { list: ['[redacted]'] } } });
  });
});

test('OpenAPI names every route, its parameters and its answers', async () => {
  const { ask } = setup();
  interface Operation {
    summary?: string;
    parameters?: { in: string; name: string; required?: boolean }[];
    requestBody?: { content: Record<string, { schema: { type: string; required?: string[] } }> };
    responses: Record<string, { description: string }>;
  }
  const document = (await ask('viewer', { url: '/api/v1/openapi.json' })).json<{ openapi: string; info: object; paths: Record<string, Record<string, Operation>> }>();
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(document.info).toMatchObject({ title: 'Belay', version: '1' });
  const documented = Object.entries(document.paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`));
  const served = routes
    .map(([, , { method, url }]) => `${String(method)} ${url.replace(/\/(i1|e1|p1|a1|drill-1|checkout-flag-off)\b/, '/{id}').replace('checkout/CheckoutErrorRateHigh', '{target}/{name}').replace(/\?.*/, '')}`)
    .filter((route) => !route.startsWith('HEAD') && !route.endsWith('openapi.json'));
  // A stream has no end that a request could wait for; events.test.ts reads it.
  expect(documented.sort()).toEqual([...served, 'GET /api/v1/events'].sort());
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) {
      expect(operation.summary).toBeTruthy();
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect((operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name, required }) => [name, required])).toEqual(inPath.map((name) => [name, true]));
      for (const [code, response] of Object.entries(operation.responses)) {
        expect(code).toMatch(/^([1-5]\d\d|[45]XX)$/);
        expect(typeof response.description).toBe('string');
      }
    }
  }
  expect(document.paths['/api/v1/rollbacks']?.['post']?.requestBody?.content['application/json']?.schema).toMatchObject({ type: 'object', properties: { reason: { type: 'string' } } });
});
