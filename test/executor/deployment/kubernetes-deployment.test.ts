// Kubernetes API v1.31, apps/v1 and v1: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.31/
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubernetesApi } from '../../support/kubernetes-api.js';
import { StepRunner } from '../../support/step-runner.js';

let api: KubernetesApi;
beforeEach(() => {
  api = new KubernetesApi();
  api.start();
});
afterEach(() => api.stop());

const runner = (binding: Record<string, unknown> = {}): StepRunner =>
  new StepRunner({ directory: api.directory, bindings: { deployments: { web: { type: 'kubernetes', kubeconfig: 'kubeconfig', deployment: 'web', ...binding } } } });
const version = (wanted: string): Record<string, unknown> => ({ service: 'web', version: wanted, environment: 'production' });
const imagesOfPods = (): unknown[] => api.pods.map((pod) => (pod['spec'] as { containers: { image: string }[] }).containers[0]!.image);
const patches = (): unknown[] => api.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => body);

describe('a version', () => {
  it('is brought back as the template of the revision that ran it, and undone by the revision that there was', async () => {
    const web = api.addDeployment('web', ['registry.test:5000/web:v1', 'registry.test:5000/web:v2', 'registry.test:5000/web:v3']);
    web.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration'] = '{}';
    expect((await runner().describe('deployment', version('v2'))).summary).toBe('deployment of web in production: v3 → v2');
    expect(await runner().state('deployment', version('v2'))).toBe('not-applied');
    const captured = await runner().capture('deployment', version('v2'));
    expect(captured).toEqual({ version: 'v3', revision: '3' });

    await runner().execute('deployment', version('v2'));
    expect(imagesOfPods()).toEqual(Array(3).fill('registry.test:5000/web:v2'));
    expect(await runner().state('deployment', version('v2'))).toBe('applied');
    expect(web.metadata.annotations).toMatchObject({ 'kubernetes.io/change-cause': 'ship registry.test:5000/web:v2', 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'deployment.kubernetes.io/revision': '4' });
    expect(web.spec.template.metadata.labels).toEqual({ app: 'web' });

    await runner().undo('deployment', version('v2'), captured);
    expect(imagesOfPods()).toEqual(Array(3).fill('registry.test:5000/web:v3'));
    expect(await runner().state('deployment', version('v3'))).toBe('applied');
  });

  it('that is there already is not touched', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    await runner().execute('deployment', version('v2'));
    expect(patches()).toEqual([]);
    expect((await runner().describe('deployment', version('v2'))).summary).toBe('deployment of web in production: already v2');
  });

  it('can be the number of a revision, which keeps its meaning when it gets a new one', async () => {
    api.addDeployment('web', ['web:a', 'web:b', 'web:c']);
    const byRevision = runner({ versionFrom: 'revision' });
    expect((await byRevision.describe('deployment', version('1'))).summary).toContain('3 → 1');
    await byRevision.execute('deployment', version('1'));
    expect(imagesOfPods()).toEqual(Array(3).fill('web:a'));
    expect(await byRevision.state('deployment', version('1'))).toBe('applied');
    await byRevision.execute('deployment', version('1'));
    expect(patches()).toHaveLength(1);
    await byRevision.undo('deployment', version('1'), { version: '3', revision: '3' });
    expect(imagesOfPods()).toEqual(Array(3).fill('web:c'));
  });

  it('can be a label or an annotation of the pods', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    await runner({ versionFrom: { annotation: 'example.com/commit' } }).execute('deployment', version('commit-of-web:v1'));
    expect(imagesOfPods()).toEqual(Array(3).fill('web:v1'));
    await expect(runner({ versionFrom: { label: 'version' } }).execute('deployment', version('v1'))).rejects.toThrow(/it has 3 \(no version\), 2 \(no version\)|no version/);
  });

  it('can be set by its image, of which nobody has seen a revision', async () => {
    api.addDeployment('web', ['registry.test/web:v2']);
    const byImage = runner({ image: 'registry.test/web' });
    const captured = await byImage.capture('deployment', version('v1'));
    await byImage.execute('deployment', version('v1'));
    expect(patches()).toMatchObject([{ metadata: { resourceVersion: expect.any(String) as string }, spec: { template: { spec: { containers: [{ name: 'app', image: 'registry.test/web:v1' }] } } } }]);
    const digest = `sha256:${'a'.repeat(64)}`;
    await byImage.execute('deployment', version(digest));
    expect(imagesOfPods()).toEqual(Array(3).fill(`registry.test/web@${digest}`));
    await expect(byImage.undo('deployment', version('v1'), captured)).rejects.toMatchObject({ code: 'state-drifted' });
    await byImage.undo('deployment', version(digest), captured);
    expect(imagesOfPods()).toEqual(Array(3).fill('registry.test/web:v2'));
  });

  it('that no revision has is refused, with those that there are', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    await expect(runner().execute('deployment', version('v9'))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringMatching(/no revision of deployment web is version "v9"; it has 1 \(v1\), 2 \(v2\)/) as string });
    expect(patches()).toEqual([]);
  });

  it('is what the ready pods run, and not what is declared', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    api.rollout = 'never';
    api.deployments.get('web')!.spec.template = structuredClone({ ...api.deployments.get('web')!.spec.template, spec: { containers: [{ name: 'app', image: 'web:v3' }] } });
    expect((await runner().describe('deployment', version('v1'))).before).toBe('v2');
    expect((await runner().describe('deployment', version('v3'))).summary).toMatch(/ImagePullBackOff.* → v3/);
  });

  it('of nothing that runs is that of the template', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2'], 0);
    await runner().execute('deployment', version('v1'));
    expect(await runner().state('deployment', version('v1'))).toBe('applied');
  });
});

describe('a rollout', () => {
  it('that never becomes available ends with the step, and tells what is missing', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    api.rollout = 'never';
    await expect(runner().execute('deployment', version('v1'), AbortSignal.timeout(3_000))).rejects.toMatchObject({
      code: 'state-not-as-wanted',
      message: 'deployment shop/web: the rollout was not complete in time: 1 of 3 replicas are updated',
    });
    expect(await runner().state('deployment', version('v1'))).toBe('not-applied');
  });

  it('that exceeds its progress deadline ends at once, and tells why', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    api.rollout = 'deadline';
    await expect(runner().execute('deployment', version('v1'))).rejects.toMatchObject({
      code: 'state-not-as-wanted',
      message: expect.stringMatching(/ProgressDeadlineExceeded.*1 of 3 replicas are updated; pod web-hash0-0: app: ImagePullBackOff: Back-off pulling image/) as string,
    });
  });

  it('of a paused deployment is not begun', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']).spec.paused = true;
    await expect(runner().execute('deployment', version('v1'))).rejects.toThrow('deployment shop/web is paused');
    expect(patches()).toEqual([]);
  });

  it('goes on where an attempt was cut off, without another change', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    api.rollout = 'never';
    await expect(runner().execute('deployment', version('v1'), AbortSignal.timeout(300))).rejects.toThrow();
    api.rollout = 'complete';
    await runner().execute('deployment', version('v1'));
    expect(patches()).toHaveLength(1);
    expect(await runner().state('deployment', version('v1'))).toBe('applied');
  });
});

describe('an API server that', () => {
  it('has another change in between (409) is read again', async () => {
    const web = api.addDeployment('web', ['web:v1', 'web:v2']);
    let isTouched = false;
    api.faults.push(({ method }) => {
      if (method === 'PATCH' && !isTouched) api.touch(web);
      isTouched ||= method === 'PATCH';
      return undefined;
    });
    await runner().execute('deployment', version('v1'));
    expect(patches()).toHaveLength(2);
    expect(imagesOfPods()).toEqual(Array(3).fill('web:v1'));
  });

  it('answers 409 again and again is given up on', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    for (let times = 0; times < 9; times += 1) api.faults.push(({ method }) => (method === 'PATCH' ? api.status(409, 'the object has been modified') : undefined));
    await expect(runner().execute('deployment', version('v1'))).rejects.toMatchObject({ code: 'conflict' });
    expect(patches()).toHaveLength(5);
  });

  it.each([
    [401, 'credentials are not accepted'],
    [403, 'docs/providers.md has the Role'],
    [422, 'spec is invalid'],
    [500, 'etcd is unwell'],
    [504, 'timed out'],
  ])('answers %i is told of, in its own words and without the token', async (code, words) => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    for (let times = 0; times < 2; times += 1) api.faults.push(({ method }) => (method === 'PATCH' ? api.status(code, code === 422 ? 'spec is invalid' : code === 500 ? 'etcd is unwell' : code === 504 ? 'timed out' : 'no') : undefined));
    const error = await runner().execute('deployment', version('v1')).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'provider-refused', message: expect.stringContaining(words) as string });
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack, (error as Error).cause])).not.toContain(api.token);
  });

  it('has no such deployment (404) is told of with the name', async () => {
    await expect(runner().execute('deployment', version('v1'))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringMatching(/answered 404: deployments "web" not found: there is no such object/) as string });
  });

  it('is busy (429, 503) is asked again when it says', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    for (const code of [429, 503, 429]) api.faults.push(() => api.status(code, 'too many requests', { 'Retry-After': '0' }));
    expect(await runner().state('deployment', version('v2'))).toBe('applied');
    api.faults.push(() => api.status(429, 'come back in an hour', { 'Retry-After': '3600' }));
    expect((await runner().describe('deployment', version('v2'))).summary).toMatch(/answered 429: come back in an hour/);
  });

  it('answers in pages is read to the end, and anew when the pages have expired (410)', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2', 'web:v3', 'web:v4', 'web:v5']);
    api.pageSize = 2;
    api.faults.push(({ path }) => (path.includes('continue=2') ? api.status(410, 'The provided continue parameter is too old') : undefined));
    expect(await runner().state('deployment', version('v5'))).toBe('applied');
    const lists = api.requests.filter(({ path }) => path.includes('/replicasets?')).map(({ path }) => /continue=(\d+)/.exec(path)?.[1] ?? 'first');
    expect(lists).toEqual(['first', '2', 'first', '2', '4']);
  });

  it('answers nonsense is told of', async () => {
    api.faults.push(() => new Response('<html>proxy error</html>', { status: 200 }));
    expect((await runner().describe('deployment', version('v1'))).summary).toMatch(/did not answer with JSON/);
    api.faults.push(() => new Response('{"kind":"Deployment"}', { status: 200 }));
    expect((await runner().describe('deployment', version('v1'))).summary).toMatch(/is not as expected: metadata/);
  });

  it('is slow is left when the step is over', async () => {
    api.addDeployment('web', ['web:v1', 'web:v2']);
    const reason = new Error('the time is over');
    const abort = new AbortController();
    api.faults.push(() => {
      abort.abort(reason);
      return undefined;
    });
    await expect(runner().execute('deployment', version('v1'), abort.signal)).rejects.toBe(reason);
    expect(patches()).toEqual([]);
  });
});

describe('what tries to break out', () => {
  it.each([{ deployment: '../secrets' }, { deployment: 'a/b' }, { deployment: '' }, { namespace: 'kube-system/..' }, { namespace: '${environment}' }, { container: '--all' }, { image: 'web:v1 ' }, { image: '--x' }, { versionFrom: 'tag' }, { image: 'web', versionFrom: 'revision' }])('as a name in a binding (%j) is refused when it is read', (binding) => {
    expect(() => runner(binding)).toThrow();
  });
});
