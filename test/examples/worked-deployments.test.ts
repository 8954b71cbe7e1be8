import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { createExecutors } from '../../src/executor/create-executors.js';
import { runCommand } from '../../src/process/run-command.js';
import type { RollbackExecution } from '../../src/rollback/rollback-execution.js';
import { RollbackManager } from '../../src/rollback/rollback-manager.js';
import { createCheckRunner } from '../../src/source/check-runner.js';
import { systemClock } from '../../src/time/clock.js';
import { context } from '../support/step-runner.js';

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());

let home: string;
const path = process.env['PATH'];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-worked-'));
  process.env['PATH'] = `${join(home, 'bin')}:${path}`;
});
afterEach(() => {
  process.env['PATH'] = path;
  server.resetHandlers();
  rmSync(home, { recursive: true, force: true });
});

/** A program that is found before any other of its name; `home` is where it keeps its things. */
function program(name: string, code: string): void {
  mkdirSync(join(home, 'bin'), { recursive: true });
  const file = join(home, 'bin', name);
  writeFileSync(file, `#!${process.execPath}\nconst fs = require('node:fs'), args = process.argv.slice(2), home = ${JSON.stringify(home)};\nfs.appendFileSync(home + '/calls', args.join(' ') + '\\n');\n${code}`);
  chmodSync(file, 0o755);
}
const calls = (): string[] => readFileSync(join(home, 'calls'), 'utf8').trimEnd().split('\n');

async function runExample(name: string, planId: string): Promise<RollbackExecution> {
  const loaded = await loadConfig(fileURLToPath(new URL(`../../examples/providers/${name}/belay.yaml`, import.meta.url)), { env: { GITLAB_TOKEN: 'glpat-for-belay' } });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { bindings, plans } = loaded.config;
  const nobody = (): Promise<never> => Promise.reject(new Error('nobody is told or asked here'));
  const checkRunner = createCheckRunner({ sources: new Map(), clock: systemClock, runCommand });
  const manager = new RollbackManager();
  for (const [type, executor] of createExecutors({ bindings, directory: home, checkRunner, planNotifier: { enqueue: nobody }, approvalGate: { ask: nobody, describe: () => 'nobody' }, clock: systemClock })) manager.registerExecutor(type, executor);
  for (const plan of plans) manager.registerPlan(plan);
  return manager.executeRollback(planId, { ...context, environment: 'production' });
}

describe('S3 and a CDN', () => {
  /** `aws`, as far as the example asks it, on folders. */
  const aws = `
    const place = (url) => home + '/' + url.replace('s3://', '');
    if (args[0] === 's3' && args[1] === 'sync') { const [from, to] = args.slice(-2).map(place); fs.rmSync(to, { recursive: true, force: true }); fs.cpSync(from, to, { recursive: true }); }
    else if (args[0] === 's3' && args[1] === 'cp') process.stdout.write(fs.readFileSync(place(args.at(-2))));
    else if (args[0] === 's3api') { if (!fs.existsSync(home + '/' + args[args.indexOf('--bucket') + 1] + '/' + args[args.indexOf('--key') + 1])) { console.error('An error occurred (404) when calling the HeadObject operation: Not Found'); process.exit(254); } }
    else if (args[0] === 'cloudfront') fs.writeFileSync(home + '/cdn', fs.readFileSync(home + '/shop-frontend/live/VERSION'));
    else process.exit(2);
  `;
  const release = (folder: string, version: string): void => {
    mkdirSync(join(home, 'shop-frontend', folder), { recursive: true });
    writeFileSync(join(home, 'shop-frontend', folder, 'VERSION'), `${version}\n`);
  };
  beforeEach(() => {
    program('aws', aws);
    release('live', 'v2');
    writeFileSync(join(home, 'cdn'), 'v2\n');
    server.use(http.get('https://shop.example.com/VERSION', () => HttpResponse.text(readFileSync(join(home, 'cdn'), 'utf8'))));
  });

  it('copies a release, has the CDN forget the one before, and sees it as clients do', async () => {
    release('releases/v1', 'v1');
    expect(await runExample('deployment-command-s3-cdn', 'frontend-back')).toMatchObject({ status: 'success' });
    expect(readFileSync(join(home, 'shop-frontend/live/VERSION'), 'utf8')).toBe('v1\n');
    expect(calls().filter((call) => /^s3 sync|^cloudfront/.test(call))).toEqual([
      's3 sync --delete --only-show-errors s3://shop-frontend/releases/v1/ s3://shop-frontend/live/',
      'cloudfront create-invalidation --distribution-id E1EXAMPLE --paths /*',
    ]);
  });

  it('touches nothing where there is no such release', async () => {
    expect(await runExample('deployment-command-s3-cdn', 'frontend-back')).toMatchObject({ status: 'failed', error: expect.stringContaining('Failed at step: there') as string });
    expect(readFileSync(join(home, 'shop-frontend/live/VERSION'), 'utf8')).toBe('v2\n');
    expect(calls().filter((call) => call.startsWith('s3 sync'))).toEqual([]);
  });
});

describe('Argo Rollouts', () => {
  /** `kubectl` with the plugin of Argo Rollouts, as far as the examples ask it: one Rollout in a file. */
  const kubectl = `
    const file = home + '/rollout.json', rollout = JSON.parse(fs.readFileSync(file, 'utf8'));
    const [one, two, three, four] = args;
    if (one === 'argo' && three === 'abort') rollout.abort = true;
    else if (one === 'argo' && three === 'set') { rollout.image = args[5].split('=').slice(1).join('='); rollout.abort = false; }
    else if (one === 'argo' && three === 'undo') rollout.image = rollout.before;
    else if (one === 'argo' && three === 'status') process.exit(rollout.image === rollout.before ? 0 : 1);
    else if (one === 'wait') { if (!rollout.abort) { console.error('error: timed out waiting for the condition on rollouts/checkout'); process.exit(1); } }
    else if (one === 'get') process.stdout.write(rollout.image);
    else process.exit(2);
    fs.writeFileSync(file, JSON.stringify(rollout));
  `;
  const rollout = (): unknown => JSON.parse(readFileSync(join(home, 'rollout.json'), 'utf8'));
  const image = (tag: string): string => `registry.example.com/checkout:${tag}`;
  beforeEach(() => {
    program('kubectl', kubectl);
    writeFileSync(join(home, 'rollout.json'), JSON.stringify({ image: image('v2'), before: image('v1'), abort: false }));
  });

  it.each([
    ['checkout-canary-abort', ['argo rollouts abort checkout --namespace shop', 'argo rollouts set image checkout checkout=registry.example.com/checkout:v1 --namespace shop']],
    ['checkout-undo', ['argo rollouts undo checkout --namespace shop']],
    ['checkout-back', ['argo rollouts set image checkout checkout=registry.example.com/checkout:v1 --namespace shop']],
  ])('%s brings the image before back', async (planId, changes) => {
    expect(await runExample('deployment-command-argo-rollouts', planId)).toMatchObject({ status: 'success' });
    expect(calls().filter((call) => /^argo rollouts (?!status)/.test(call))).toEqual(changes);
    expect(rollout()).toMatchObject({ image: image('v1'), abort: false });
  });
});

// The shapes of GitLab's REST API v4: a pipeline is created with 201, an environment tells its last deployment.
describe('a pipeline of GitLab', () => {
  const API = 'https://gitlab.example.com/api/v4/projects/42';
  const deployed = (ref: string): object => ({ id: 7, name: 'production', state: 'available', last_deployment: { id: 100, ref, status: 'success', deployable: { ref, tag: true } } });
  const isBelay = (request: Request): boolean => request.headers.get('private-token') === 'glpat-for-belay';

  it('is started on the tag of the version, and waited for until it has deployed', async () => {
    let looks = 0;
    const pipelines: unknown[] = [];
    server.use(
      http.get(`${API}/environments/7`, ({ request }) => (isBelay(request) ? HttpResponse.json(deployed(pipelines.length > 0 && (looks += 1) > 1 ? 'v1' : 'v2')) : HttpResponse.json({ message: '401 Unauthorized' }, { status: 401 }))),
      http.post(`${API}/pipeline`, async ({ request }) => {
        pipelines.push(await request.json());
        return HttpResponse.json({ id: 46, status: 'created', ref: 'v1', web_url: 'https://gitlab.example.com/shop/checkout/-/pipelines/46' }, { status: 201 });
      }),
    );
    expect(await runExample('deployment-http-gitlab', 'checkout-back')).toMatchObject({ status: 'success' });
    expect(pipelines).toEqual([{ ref: 'v1', variables: [{ key: 'DEPLOY_ENVIRONMENT', value: 'production' }] }]);
  });

  it.each([
    [400, { message: { base: ['Reference not found'] } }],
    [403, { message: '403 Forbidden' }],
    [429, 'Retry later'],
    [503, { message: '503 Service Unavailable' }],
  ])('fails the step where GitLab answers %d', async (status, body) => {
    server.use(
      http.get(`${API}/environments/7`, () => HttpResponse.json(deployed('v2'))),
      http.post(`${API}/pipeline`, () => HttpResponse.json(body, { status })),
    );
    expect(await runExample('deployment-http-gitlab', 'checkout-back')).toMatchObject({ status: 'failed', error: expect.stringContaining(`answered ${status}`) as string });
  });
});
