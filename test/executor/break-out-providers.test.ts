import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import type { StepType } from '../../src/rollback/rollback-plan.js';
import { BreakOutWorld } from '../support/break-out-world.js';
import { breakOutValues, hostileValues, impossibleValues } from '../support/hostile-values.js';
import { KubernetesApi } from '../support/kubernetes-api.js';
import { startPm2Shop, type Pm2Shop } from '../support/pm2-shop.js';
import { PostgresShop, writeSum } from '../support/postgres-shop.js';
import { ShopDatabases } from '../support/shop-databases.js';
import { StepRunner } from '../support/step-runner.js';

let world: BreakOutWorld;
beforeEach(async () => {
  world = await BreakOutWorld.create();
});
afterEach(() => world.close());

/** How a provider is called with a value, and what the outside world shows of it. */
interface Way {
  prepare?: () => void;
  /** As it stands in belay.yaml. */
  readonly bindings: (value: string) => Record<string, unknown>;
  readonly step: (value: string) => readonly [StepType, Record<string, unknown>];
  /** What must be as it was before where the step is refused. */
  readonly outside: (value: string) => unknown;
  /** The same, where the step is done; absent where no value is good enough. */
  readonly done?: (value: string) => unknown;
}

const deploy = (version: string): readonly [StepType, Record<string, unknown>] => ['deployment', { service: 'api', version, environment: 'production' }];
const flag = (more: Record<string, unknown>): readonly [StepType, Record<string, unknown>] => ['feature-flag', { flagKey: 'x', targetState: false, ...more }];
const restoreFrom = (snapshotId: string): readonly [StepType, Record<string, unknown>] => ['data', { database: 'db', snapshotId }];
const incident = (more: Record<string, unknown>): readonly [StepType, Record<string, unknown>] => ['traffic', { service: 'api', incident: { name: 'Down', status: 'investigating', message: 'We look.', ...more } }];

function releases(): void {
  mkdirSync(world.file('releases/v1'), { recursive: true });
  symlinkSync('releases/v1', world.file('current'));
  world.told();
}
const released = (value: string): unknown => [readlinkSync(world.file('current')), readdirSync(world.file('releases')), world.calls().flat().filter((word) => word === value || (value.length > 2 && word.includes(value)))];
const backups = { directory: 'backups', maxAge: '1h' };
/** No request left the places that the provider has for it, and none of them changed anything. */
const onlyThese = (...shapes: readonly string[]) => (value: string): unknown => world.shapes(value).filter((shape) => !shapes.includes(shape));

const ways: readonly (readonly [string, Way])[] = [
  ['a release behind a link', { prepare: releases, bindings: () => ({ deployments: { api: { type: 'symlink', releases: 'releases', link: 'current', reload: ['./told', '${version}'] } } }), step: deploy, outside: released }],
  ['a release of a unit of systemd', { prepare: releases, bindings: () => ({ deployments: { api: { type: 'systemd', systemctl: ['./told'], unit: 'api.service', releases: 'releases', link: 'current' } } }), step: deploy, outside: released }],
  [
    'a tag of Docker Compose',
    {
      prepare: () => {
        world.told('exit 1');
        world.write('project/.env', '# tags\nAPI_TAG=v2\nOTHER=1\n');
      },
      bindings: () => ({ deployments: { api: { type: 'compose', docker: ['./told'], projectDirectory: 'project', service: 'api', tagVariable: 'API_TAG', stableFor: '0s', startWithin: '1s' } } }),
      step: deploy,
      outside: (value) => [world.read('project/.env'), world.calls().flat().filter((word) => word === value)],
    },
  ],
  [
    'a deployment behind commands',
    {
      prepare: () => world.told(),
      bindings: () => ({ deployments: { api: { type: 'command', deploy: ['./told', '${version}', 'to=${version}'], current: ['sh', '-c', 'test -e words && tr -d "\\001" < words | tr "\\000" "\\n" | sed "/^to=/,\\$d" || echo v0'] } } }),
      step: deploy,
      outside: () => world.calls(),
      done: (value) => [[value, `to=${value}`]],
    },
  ],
  [
    'a deployment behind an HTTP API',
    {
      prepare: () => {
        world.answer = ({ method }) => ({ status: method === 'GET' ? 404 : 500 });
      },
      bindings: () => ({ deployments: { api: { type: 'http', deploy: { url: `${world.service.url}/deploy/\${version}/now?to=\${version}`, body: { to: '${version}' } }, current: { url: `${world.service.url}/current` } } } }),
      step: deploy,
      outside: onlyThese('GET /current', 'POST /deploy/*/now?to'),
    },
  ],
  [
    'a workflow of GitHub Actions',
    {
      prepare: () => {
        world.answer = ({ method, url }) => (method === 'POST' ? { status: 422, body: { message: 'No' } } : { status: 200, body: url.includes('/runs') ? { total_count: 0, workflow_runs: [] } : [] });
      },
      bindings: () => ({ deployments: { api: { type: 'github-actions', apiUrl: world.service.url, token: 't', owner: 'acme', repo: 'shop', workflow: 'deploy.yml', ref: '${version}', inputs: { version: '${version}' }, environment: 'production' } } }),
      step: deploy,
      outside: (value) => {
        const told = world.service.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body) as { ref: string; inputs: { version: string } });
        return [told.filter(({ ref, inputs }) => ref !== value || inputs.version !== value), onlyThese('GET /repos/acme/shop/deployments?environment&per_page&page', 'GET /repos/acme/shop/actions/workflows/deploy.yml/runs?event&per_page&page', 'POST /repos/acme/shop/actions/workflows/deploy.yml/dispatches')(value)];
      },
    },
  ],
  [
    'a flag of Unleash',
    {
      bindings: () => ({ featureFlags: { default: { type: 'unleash', url: world.service.url, environment: 'production', adminToken: 'a', clientToken: 'c' } } }),
      step: (flagKey) => flag({ flagKey }),
      outside: onlyThese('GET /api/admin/projects/default/features/*', 'GET /api/admin/projects/default/features/*?', 'GET /api/client/features'),
    },
  ],
  [
    'a segment of Unleash',
    {
      bindings: () => ({ featureFlags: { default: { type: 'unleash', url: world.service.url, environment: 'production', adminToken: 'a', clientToken: 'c' } } }),
      step: (segment) => flag({ scope: 'segment', segment }),
      outside: onlyThese('GET /api/admin/projects/default/features/x', 'GET /api/admin/segments', 'GET /api/client/features'),
    },
  ],
  [
    'a flag of LaunchDarkly',
    {
      bindings: () => ({ featureFlags: { default: { type: 'launchdarkly', url: world.service.url, sdkUrl: world.service.url, project: 'shop', environment: 'production', token: 't', sdkKey: 's' } } }),
      step: (flagKey) => flag({ flagKey }),
      outside: onlyThese('GET /api/v2/flags/shop/*?env', 'GET /sdk/latest-all'),
    },
  ],
  ...(['name', 'message', 'component'] as const).map((what): [string, Way] => [
    `the ${what} of an incident of Statuspage`,
    {
      prepare: () => {
        world.answer = ({ method }) => ({ status: method === 'GET' ? 200 : 500, body: [] });
      },
      bindings: () => ({ traffic: { api: { type: 'statuspage', page: 'p1', token: 't', apiUrl: world.service.url } } }),
      step: (value) => incident(what === 'component' ? { components: { [value]: 'major_outage' } } : { [what]: value }),
      outside: (value) => {
        const told = world.service.requests.filter(({ method }) => method === 'POST').map(({ body }) => (JSON.parse(body) as { incident: { name: string; body: string; component_ids?: string[] } }).incident);
        const said = told.map(({ name, body, component_ids: ids }) => ({ name, message: body, component: ids?.[0] })[what]);
        // A __proto__ is no key of anything that came out of JSON or YAML.
        return [said.filter((text) => text !== undefined && text !== value), onlyThese('GET /pages/p1/incidents/unresolved?page&per_page', 'POST /pages/p1/incidents')(value)];
      },
    },
  ]),
  ...(['json', 'lines'] as const).map((format): [string, Way] => [
    `an endpoint in a file of ${format}`,
    {
      prepare: () => world.write('blocked', format === 'json' ? '["/others"]' : '/others\n'),
      bindings: () => ({ traffic: { api: { type: 'file', path: 'blocked', format, endpoints: ['/api'] } } }),
      step: (value) => ['traffic', { service: 'api', maintenance: true, endpoints: [value] }],
      outside: () => world.read('blocked'),
    },
  ]),
  [
    'a service behind commands of traffic',
    {
      prepare: () => {
        world.told('echo stopped > state');
        world.write('state', 'running');
      },
      bindings: (value) => ({ traffic: { [value]: { type: 'command', set: ['./told', '${service}'], get: ['cat', 'state'] } } }),
      step: (service) => ['traffic', { service, worker: 'stopped' }],
      outside: () => world.calls(),
      done: (value) => [[value]],
    },
  ],
  [
    'a service behind an HTTP API of traffic',
    {
      bindings: (value) => ({ traffic: { [value]: { type: 'http', set: { method: 'PUT', url: `${world.service.url}/gate/\${service}` }, get: { url: `${world.service.url}/gate/\${service}`, jsonPointer: '/x' } } } }),
      step: (service) => ['traffic', { service, maintenance: true }],
      outside: onlyThese('GET /gate/*', 'PUT /gate/*'),
    },
  ],
  [
    'a backup of a SQLite file',
    { prepare: () => mkdirSync(world.file('backups')), bindings: () => ({ databases: { db: { type: 'sqlite', file: 'shop.db', backups } } }), step: restoreFrom, outside: () => readdirSync(world.directory) },
  ],
  [
    'a backup that a program fetches',
    { prepare: () => { mkdirSync(world.file('backups')); world.told(); }, bindings: () => ({ databases: { db: { type: 'sqlite', file: 'shop.db', backups: { ...backups, fetch: ['./told', '${backup}'] } } } }), step: restoreFrom, outside: (value) => world.calls().filter(([word]) => word !== value || word.startsWith('-')) },
  ],
  [
    'a snapshot of files',
    { prepare: () => { mkdirSync(world.file('backups')); world.write('uploads/a', 'a'); }, bindings: () => ({ databases: { db: { type: 'files', directory: 'uploads', backups } } }), step: restoreFrom, outside: () => [readdirSync(world.directory), readdirSync(world.file('uploads'))] },
  ],
  [
    'a database behind commands',
    { prepare: () => world.told(), bindings: () => ({ databases: { db: { type: 'command', restore: ['./told', '${snapshotId}'], verify: ['test', '-e', 'words'] } } }), step: restoreFrom, outside: () => world.calls(), done: (value) => [[value]] },
  ],
  [
    'a command',
    { prepare: () => world.told(), bindings: () => ({}), step: (value) => ['command', { command: ['./told', value, `--name=${value}`] }], outside: () => world.calls(), done: (value) => [[value, `--name=${value}`]] },
  ],
];

describe.each(ways)('%s', (_name, way) => {
  it.each([...breakOutValues, ...impossibleValues])('%s', async (_what, value) => {
    way.prepare?.();
    await keepsItsPlace(world.directory, way, value);
  });
});

/** Runs the step, and holds it to: done exactly as it was said, or refused with a reason and nothing changed. */
async function keepsItsPlace(directory: string, { bindings, step, outside, done }: Way, value: string): Promise<void> {
  const before = outside(value);
  const failure: unknown = await run(directory, bindings(value), step(value));
  if (failure === undefined) {
    if (done === undefined) throw new Error('nobody expected this to be possible');
    expect(outside(value)).toEqual(done(value));
    return;
  }
  expect(failure).toBeInstanceOf(BelayError);
  expect((failure as BelayError).message.length).toBeLessThan(10_000);
  expect(outside(value)).toEqual(before);
}

async function run(directory: string, bindings: Record<string, unknown>, [type, parameters]: readonly [StepType, Record<string, unknown>]): Promise<unknown> {
  return await new StepRunner({ directory, bindings, executionId: 'rollback-1' }).execute(type, parameters).then(() => undefined, (error: unknown) => error);
}

describe('Kubernetes', () => {
  let api: KubernetesApi;
  beforeEach(() => {
    api = new KubernetesApi();
    api.start();
    api.addDeployment('web', ['web:v1', 'web:v2']);
    api.addConfigMap('web', { LIMIT: '10' });
  });
  afterEach(() => api.stop());
  const reached = { kubeconfig: 'kubeconfig' };
  const strayed = (): unknown => api.requests.filter(({ path }) => !/^\/(?:apis\/apps|api)\/v1\/namespaces\/shop\/(?:deployments\/web|replicasets\?|pods\?|configmaps\/web)/.test(path)).map(({ path }) => path);
  const patches = (): unknown => api.requests.filter(({ method }) => method !== 'GET').map(({ body }) => body);

  it.each([...breakOutValues, ...impossibleValues])('a version: %s', async (_what, value) => {
    for (const more of [{}, { image: 'web' }, { versionFrom: 'revision' }, { versionFrom: { label: 'app' } }]) {
      const way: Way = { bindings: () => ({ deployments: { api: { type: 'kubernetes', ...reached, deployment: 'web', ...more } } }), step: deploy, outside: () => [strayed(), patches()] };
      // A tag that is one, such as __proto__, is not there to be pulled; only as an image can it be asked for.
      if (more.image !== undefined && /^\w[\w.-]{0,127}$/.test(value)) continue;
      await keepsItsPlace(api.directory, way, value);
    }
  });

  it.each([...breakOutValues, ...impossibleValues])('the value of a key: %s', async (_what, value) => {
    const bindings = { configurations: { web: { type: 'kubernetes', ...reached, configMap: 'web' } } };
    const failure = await run(api.directory, bindings, ['configuration', { service: 'web', configItems: { LIMIT: value } }]);
    expect([strayed(), api.configMaps.get('web')?.data]).toEqual([[], { LIMIT: failure === undefined ? value : '10' }]);
    // A key is letters, digits and . _ - only.
    const refused = await run(api.directory, bindings, ['configuration', { service: 'web', configItems: { [value]: 'x' } }]);
    if (/^[-._a-zA-Z0-9]{1,253}$/.test(value) && value !== '.' && !value.startsWith('..')) return;
    expect(refused).toMatchObject({ code: 'parameter-invalid' });
    expect(Object.keys(api.configMaps.get('web')?.data ?? {})).toEqual(['LIMIT']);
  });
});

describe('pm2', () => {
  let shop: Pm2Shop;
  beforeAll(async () => {
    shop = await startPm2Shop(1);
  });
  afterAll(() => shop.stop());

  it.each([...hostileValues, ...impossibleValues])('a release: %s', async (_what, value) => {
    const place = (): unknown => [readlinkSync(shop.layout.current), readdirSync(shop.layout.releases)];
    const bindings = { deployments: { api: { type: 'pm2', process: 'shop', pm2: [shop.program], home: shop.home, releases: 'releases', link: 'current' } } };
    await keepsItsPlace(shop.layout.home, { bindings: () => bindings, step: deploy, outside: place }, value);
  });
});

describe('PostgreSQL', () => {
  const here = new ShopDatabases();
  const named = [...hostileValues, ...['__proto__', 'constructor', "'", '\\', '\tx ', 'ünï\u2028', '%s%n'].map((value) => [JSON.stringify(value), value] as const)].filter(([, value]) => Buffer.byteLength(value) < 60);
  /** pg leaves some letters of a URL as they are (%2F), so that no database with them can be named by one. */
  const nameable = named.filter(([, value]) => decodeURI(encodeURIComponent(value)) === value);

  it('a backup, a table and a migration that are none', async () => {
    mkdirSync(here.path('sql'));
    for (const [, value] of [...breakOutValues, ...impossibleValues]) {
      for (const [parameters, more] of [
        [{ snapshotId: value }, {}],
        [{ tables: { [value]: 'tonight' } }, {}],
        [{ tables: { customers: value } }, {}],
        [{ migration: value }, { type: 'migrations', tool: 'sql', directory: 'sql', backups: 'none', table: 'audit' }],
      ] as const) {
        await expect(here.runner(more).execute('data', { database: 'shop-db', ...parameters })).rejects.toMatchObject({ code: expect.stringMatching(/^(?:parameter-invalid|parameter-missing|provider-refused|backup-unfit)$/) as string });
      }
    }
    expect([(await here.shop.databases()).map(({ name }) => name), await here.shop.count('customers')]).toEqual([[here.shop.name], 50]);
  });

  /** Restored and back again; or refused, for pg_dump writes some names otherwise than they are (two lines as one), with nothing changed. */
  async function thereAndBack(value: string, run: StepRunner, step: Record<string, unknown>, count: () => Promise<number>, [lost, restored]: readonly [number, number]): Promise<void> {
    const captured = Object.keys(step).includes('tables') && value === '__proto__' ? undefined : await run.capture('data', step);
    const failure: unknown = await run.execute('data', step).then(() => undefined, (error: unknown) => error);
    if (failure !== undefined) {
      expect(failure).toMatchObject({ code: expect.stringMatching(/^(?:backup-unfit|parameter-invalid)$/) as string });
      expect([value, await count()]).toEqual([expect.stringMatching(/\s|\.|__proto__/), lost]);
      return;
    }
    expect(await count()).toBe(restored);
    await run.undo('data', step, captured);
    expect(await count()).toBe(lost);
  }

  it.each(named)('a table that is really called so: %s', async (_what, value) => {
    const table = `"${value.replaceAll('"', '""')}"`;
    await here.shop.query(`CREATE TABLE ${table} (id int PRIMARY KEY); INSERT INTO ${table} SELECT generate_series(1, 9)`);
    here.shop.dump(here.path('tonight.dump'));
    await here.shop.query(`DELETE FROM ${table} WHERE id > 4`);
    if (!value.includes('.')) await thereAndBack(value, here.runner(), { database: 'shop-db', tables: { [value]: 'tonight' } }, () => here.shop.count(table), [4, 9]);
    expect(await here.shop.count('customers')).toBe(50);
  });

  it.each(nameable)('a database that is really called so: %s', async (_what, value) => {
    const shop = await PostgresShop.create(here.server.url, value);
    shop.dump(here.path('tonight.dump'));
    await shop.query('DELETE FROM orders');
    await thereAndBack(value, here.runner({ url: shop.url }), { database: 'shop-db', snapshotId: 'tonight' }, () => shop.count('orders'), [0, 200]);
    expect(await here.shop.count('orders')).toBe(200);
  });
});

it('what a backup holds is data, whatever it looks like', async () => {
  mkdirSync(world.file('backups/monday'), { recursive: true });
  for (const [, value] of hostileValues.filter(([what]) => !/path upwards|characters/.test(what))) writeFileSync(world.file('backups/monday', value.replaceAll('/', '_')), value);
  writeSum(world.file('backups/monday'));
  world.write('uploads/a', 'a');
  const failure = await run(world.directory, { databases: { db: { type: 'files', directory: 'uploads', backups: { ...backups, checksum: 'optional' } } } }, restoreFrom('monday'));
  // A file whose name has two lines has no line of its own in a list of sums, and is refused with all the rest.
  expect(failure).toMatchObject({ code: 'backup-unfit' });
  expect([readdirSync(world.file('uploads')), readFileSync(world.file('uploads/a'), 'utf8')]).toEqual([['a'], 'a']);
});
