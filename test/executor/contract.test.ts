import Database from 'better-sqlite3';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import type { StepType } from '../../src/rollback/rollback-plan.js';
import { type EtcdServer, startEtcd } from '../support/etcd-server.js';
import { GitRepo } from '../support/git-repo.js';
import { type JsonService, startJsonService } from '../support/json-service.js';
import { KubernetesApi } from '../support/kubernetes-api.js';
import { writeSum } from '../support/postgres-shop.js';
import { StepRunner } from '../support/step-runner.js';

/** What every provider of a state promises, and how one of them is called. */
interface Provider {
  readonly prepare: () => unknown;
  readonly bindings: () => Record<string, unknown>;
  readonly step: readonly [StepType, Record<string, unknown>];
  /** The real state, looked at without Belay. */
  readonly real: () => unknown;
  readonly before: unknown;
  readonly after: unknown;
  /** Somebody else's change, after the step. */
  readonly drift: () => unknown;
  /** Where the provider's own files are; else the folder of the test. */
  readonly directory?: () => string;
}

let directory: string;
let etcd: EtcdServer;
let service: JsonService;
let kubernetes: KubernetesApi;
const served = { flag: 'on', version: 'v2' };

beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'belay-contract-'));
  Object.assign(served, { flag: 'on', version: 'v2' });
  service = await startJsonService(({ method, url, body }) => {
    const key = url.slice(1) as keyof typeof served;
    if (method === 'PUT') served[key] = (JSON.parse(body) as { to: string }).to;
    return { status: 200, body: served[key] };
  });
  kubernetes = new KubernetesApi();
  kubernetes.start();
});
afterEach(async () => {
  kubernetes.stop();
  await service.close();
  rmSync(directory, { recursive: true });
});

const file = (name: string): string => join(directory, name);
const read = (name: string): string => readFileSync(file(name), 'utf8').trim();
const write = (name: string, text: string): void => writeFileSync(file(name), `${text}\n`);
function database<T>(work: (open: Database.Database) => T, name = 'shop.db'): T {
  const open = new Database(file(name));
  try {
    return work(open);
  } finally {
    open.close();
  }
}
const flagOff: Provider['step'] = ['feature-flag', { flagKey: 'x', targetState: false }];
const limit: Provider['step'] = ['configuration', { service: 'api', configItems: { LIMIT: '5' } }];
const v1: Provider['step'] = ['deployment', { service: 'api', version: 'v1', environment: 'production' }];
const monday: Provider['step'] = ['data', { database: 'db', snapshotId: 'monday' }];
const backups = { directory: 'backups', maxAge: '1h' };
const variant = (): string => (JSON.parse(read('flags.json')) as { flags: { x: { defaultVariant: string } } }).flags.x.defaultVariant;
const imageOf = (): unknown => kubernetes.deployments.get('web')?.spec.template.spec.containers[0]?.image;

describe.each<readonly [string, Provider]>([
  ['a flag in a file', {
    prepare: () => write('flags.json', JSON.stringify({ flags: { x: { state: 'ENABLED', variants: { on: true, off: false, odd: false }, defaultVariant: 'on' } } })),
    bindings: () => ({ featureFlags: { default: { type: 'file', path: 'flags.json' } } }), step: flagOff,
    real: variant, before: 'on', after: 'off', drift: () => rmSync(file('flags.json')),
  }],
  ['a flag in a table', {
    prepare: () => database((open) => open.exec(`CREATE TABLE feature_flags ("key" TEXT, enabled INTEGER); INSERT INTO feature_flags VALUES ('x', 1)`)),
    bindings: () => ({ featureFlags: { default: { type: 'sql', url: 'sqlite:shop.db' } } }), step: flagOff,
    real: () => database((open) => open.prepare('SELECT enabled FROM feature_flags').pluck().get()), before: 1, after: 0, drift: () => database((open) => open.exec('DELETE FROM feature_flags')),
  }],
  ['a flag behind an HTTP API', {
    prepare: () => undefined,
    bindings: () => ({ featureFlags: { default: { type: 'http', set: { method: 'PUT', url: `${service.url}/flag`, body: { to: '${targetState}' } }, get: { url: `${service.url}/flag`, jsonPointer: '' } } } }), step: flagOff,
    real: () => ['on', 'true', true].includes(served.flag), before: true, after: false, drift: () => (served.flag = 'nonsense'),
  }],
  ['keys of an .env file', {
    prepare: () => write('shop.env', '# limits\nLIMIT=10'), bindings: () => ({ configurations: { api: { type: 'file', path: 'shop.env' } } }), step: limit,
    real: () => read('shop.env'), before: '# limits\nLIMIT=10', after: '# limits\nLIMIT=5', drift: () => write('shop.env', 'LIMIT=7'),
  }],
  ['keys of a YAML file in git', {
    prepare: () => new GitRepo(file('repo')).commit({ 'app.yaml': '# limits\nLIMIT: "10"\n' }),
    bindings: () => ({ configurations: { api: { type: 'git', repo: 'repo', paths: ['app.yaml'], itemsFile: { path: 'app.yaml' } } } }), step: limit,
    real: () => read('repo/app.yaml'), before: '# limits\nLIMIT: "10"', after: '# limits\nLIMIT: "5"', drift: () => new GitRepo(file('repo')).commit({ 'app.yaml': 'LIMIT: "7"\n' }),
  }],
  ['keys in etcd', {
    prepare: () => etcd.put('/api/LIMIT', '10'), bindings: () => ({ configurations: { api: { type: 'etcd', endpoints: [etcd.url], prefix: '/api/' } } }), step: limit,
    real: () => etcd.get('/api/LIMIT'), before: '10', after: '5', drift: () => etcd.put('/api/LIMIT', '7'),
  }],
  ['keys of a ConfigMap', {
    prepare: () => kubernetes.addConfigMap('web', { LIMIT: '10' }), directory: () => kubernetes.directory,
    bindings: () => ({ configurations: { api: { type: 'kubernetes', kubeconfig: 'kubeconfig', configMap: 'web' } } }), step: limit,
    real: () => kubernetes.configMaps.get('web')?.data?.['LIMIT'], before: '10', after: '5', drift: () => kubernetes.addConfigMap('web', { LIMIT: '7' }),
  }],
  ['a release behind a link', {
    prepare: () => { for (const version of ['v1', 'v2', 'v3']) mkdirSync(file(`releases/${version}`), { recursive: true }); symlinkSync('releases/v2', file('current')); },
    bindings: () => ({ deployments: { api: { type: 'symlink', releases: 'releases', link: 'current', reload: ['true'] } } }), step: v1,
    real: () => readlinkSync(file('current')), before: 'releases/v2', after: 'releases/v1', drift: () => { rmSync(file('current')); symlinkSync('releases/v3', file('current')); },
  }],
  ['a deployment in Kubernetes', {
    prepare: () => kubernetes.addDeployment('web', ['web:v1', 'web:v2']), directory: () => kubernetes.directory,
    bindings: () => ({ deployments: { api: { type: 'kubernetes', kubeconfig: 'kubeconfig', deployment: 'web' } } }), step: v1,
    real: imageOf, before: 'web:v2', after: 'web:v1', drift: () => kubernetes.addDeployment('web', ['web:v1', 'web:v2', 'web:v3']),
  }],
  ['a SQLite file', {
    prepare: () => {
      mkdirSync(file('backups'));
      database((open) => open.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)'), 'backups/monday.db');
      writeSum(file('backups/monday.db'));
      database((open) => open.exec('CREATE TABLE t (x)'));
    },
    bindings: () => ({ databases: { db: { type: 'sqlite', file: 'shop.db', backups } } }), step: monday,
    real: () => database((open) => open.prepare('SELECT x FROM t').pluck().all()), before: [], after: [1], drift: () => database((open) => open.exec('INSERT INTO t VALUES (2)')),
  }],
  ['files of users', {
    prepare: () => {
      mkdirSync(file('backups/monday'), { recursive: true });
      write('backups/monday/a', 'a');
      writeSum(file('backups/monday'));
      mkdirSync(file('uploads'));
    },
    bindings: () => ({ databases: { db: { type: 'files', directory: 'uploads', backups } } }), step: monday,
    real: () => readdirSync(file('uploads')), before: [], after: ['a'], drift: () => write('uploads/b', 'b'),
  }],
  ['endpoints in a file', {
    prepare: () => write('blocked', '/others'), bindings: () => ({ traffic: { api: { type: 'file', path: 'blocked', format: 'lines', endpoints: ['/api'] } } }), step: ['traffic', { service: 'api', maintenance: true }],
    real: () => read('blocked'), before: '/others', after: '/others\n/api', drift: () => write('blocked', '/others'),
  }],
])('%s', (_name, { prepare, bindings, step: [type, parameters], real, before, after, drift, directory: own }) => {
  let runner: StepRunner;
  beforeEach(async () => {
    await prepare();
    runner = new StepRunner({ directory: own?.() ?? directory, bindings: bindings(), executionId: 'rollback-1' });
  });

  it('is described as it is, changed, read back, left alone where it is so already, and put back', async () => {
    expect([await real(), await runner.state(type, parameters)]).toEqual([before, 'not-applied']);
    expect((await runner.describe(type, parameters)).summary).toMatch(/^[^\n]+: [^\n]+ → [^\n]+$/);
    const captured = await runner.capture(type, parameters);
    expect(await real()).toEqual(before);
    await runner.execute(type, parameters);
    expect([await real(), await runner.state(type, parameters)]).toEqual([after, 'applied']);
    expect((await runner.describe(type, parameters)).summary).toContain('already');
    await runner.execute(type, parameters, undefined, 'after-a-crash');
    expect(await real()).toEqual(after);
    expect((await runner.describeUndo(type, parameters, captured)).summary).toContain(' → ');
    await runner.undo(type, parameters, captured);
    expect([await real(), await runner.state(type, parameters)]).toEqual([before, 'not-applied']);
    await runner.undo(type, parameters, captured);
    expect(await real()).toEqual(before);
  });

  it('is not put back over what somebody else has made of it', async () => {
    const captured = await runner.capture(type, parameters);
    await runner.execute(type, parameters);
    await drift();
    const found = await Promise.resolve().then(real).catch(() => 'gone');
    // Where theirs is what was there before, there is nothing left to put back.
    if (JSON.stringify(found) !== JSON.stringify(before)) await expect(runner.undo(type, parameters, captured)).rejects.toMatchObject({ code: 'state-drifted' });
    else await runner.undo(type, parameters, captured);
    expect(await Promise.resolve().then(real).catch(() => 'gone')).toEqual(found);
  });

  it('is not touched by a step that is over before it begins', async () => {
    await expect(runner.execute(type, parameters, AbortSignal.abort(new BelayError('step-timeout', 'over')))).rejects.toMatchObject({ code: 'step-timeout' });
    expect(await real()).toEqual(before);
  });
});

const TOKEN = 'the-t0ken-of-the-provider';
const authorization = { headers: { authorization: `Bearer ${TOKEN}` } };
const plain = (url: string): Record<string, unknown> => ({ method: 'PUT', url, ...authorization });

describe.each<readonly [string, (url: string) => Record<string, unknown>, Provider['step']]>([
  ['Unleash', (url) => ({ featureFlags: { default: { type: 'unleash', url, environment: 'production', adminToken: TOKEN, clientToken: TOKEN } } }), flagOff],
  ['LaunchDarkly', (url) => ({ featureFlags: { default: { type: 'launchdarkly', url, sdkUrl: url, project: 'shop', environment: 'production', token: TOKEN, sdkKey: TOKEN } } }), flagOff],
  ['GitHub Actions', (url) => ({ deployments: { api: { type: 'github-actions', apiUrl: url, token: TOKEN, owner: 'acme', repo: 'shop', workflow: 'deploy.yml', ref: 'main', inputs: { version: '${version}' }, environment: 'production' } } }), v1],
  ['Statuspage', (url) => ({ traffic: { api: { type: 'statuspage', page: 'p1', token: TOKEN, apiUrl: url } } }), ['traffic', { service: 'api', incident: { name: 'Down', status: 'investigating', message: 'We look.' } }]],
  ['flags over HTTP', (url) => ({ featureFlags: { default: { type: 'http', set: plain(url), get: { url, ...authorization } } } }), flagOff],
  ['deployments over HTTP', (url) => ({ deployments: { api: { type: 'http', deploy: plain(url), current: { url, ...authorization } } } }), v1],
  ['configurations over HTTP', (url) => ({ configurations: { api: { type: 'http', apply: plain(url), current: { url, ...authorization } } } }), ['configuration', { service: 'api', configVersion: 'v1' }]],
  ['traffic over HTTP', (url) => ({ traffic: { api: { type: 'http', set: plain(url), get: { url, ...authorization } } } }), ['traffic', { service: 'api', maintenance: true }]],
])('%s', (name, bindings, [type, parameters]) => {
  // Secrets of a request that somebody declared are blanked by the manager, which knows them all.
  const luck = name.endsWith('over HTTP') ? 'no such luck' : `no such luck for ${TOKEN}`;
  let answered: () => { status: number; body?: unknown; headers?: Record<string, string> } | undefined;
  let remote: JsonService;
  let runner: StepRunner;
  beforeEach(async () => {
    remote = await startJsonService(() => answered());
    runner = new StepRunner({ directory, bindings: bindings(remote.url) });
  });
  afterEach(() => remote.close());

  it.each([400, 401, 403, 404, 409, 422, 500, 502, 503])('that answers %d is told of with the number and what it said, and without the token', async (status) => {
    answered = () => ({ status, body: { message: luck } });
    const failure = await runner.execute(type, parameters).then(() => undefined, (error: unknown) => error as BelayError);
    expect(failure).toBeInstanceOf(BelayError);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(?:provider-refused|conflict)$/) as string, message: expect.stringContaining(String(status)) as string });
    expect(JSON.stringify([failure?.message, failure?.context])).not.toContain(TOKEN);
    expect((await runner.describe(type, parameters)).summary).toContain(String(status));
    expect(await runner.state(type, parameters)).toBe('unknown');
  });

  it.each<[string, typeof answered]>([['is busy for longer', () => ({ status: 429, headers: { 'retry-after': '3600' } })], ['never answers', () => undefined]])('that %s than the step has time is left, and the step fails', async (_how, how) => {
    answered = how;
    const startedMs = performance.now();
    await expect(runner.execute(type, parameters, AbortSignal.timeout(300))).rejects.toThrow();
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('that is not there is told of', async () => {
    await remote.close();
    await expect(runner.execute(type, parameters)).rejects.toMatchObject({ code: 'provider-unreachable' });
    remote = await startJsonService(() => undefined);
  });
});
