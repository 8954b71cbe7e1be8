// Kubernetes API v1.31, v1 ConfigMap: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/config-map-v1/
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KubernetesApi } from '../../support/kubernetes-api.js';
import { StepRunner } from '../../support/step-runner.js';

let api: KubernetesApi;
beforeEach(() => {
  api = new KubernetesApi();
  api.start();
  api.addConfigMap('web', { LIMIT: '10', MODE: 'new', 'app.yaml': '# a comment\nport: 1\n' });
});
afterEach(() => api.stop());

const runner = (binding: Record<string, unknown> = {}): StepRunner =>
  new StepRunner({ directory: api.directory, bindings: { configurations: { web: { type: 'kubernetes', kubeconfig: 'kubeconfig', configMap: 'web', ...binding } } } });
const wanting = (configItems: Record<string, unknown>): Record<string, unknown> => ({ service: 'web', configItems });
const data = (): unknown => api.configMaps.get('web')!.data;
const patches = (): unknown[] => api.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => body);

it('sets keys and takes keys out, leaves all others, and puts back what there was', async () => {
  const wish = wanting({ LIMIT: 20, MODE: null, EXTRA: true });
  expect((await runner().describe('configuration', wish)).before).toEqual({ LIMIT: '10', MODE: 'new', EXTRA: null });
  const captured = await runner().capture('configuration', wish);
  await runner().execute('configuration', wish);
  expect(data()).toEqual({ LIMIT: '20', 'app.yaml': '# a comment\nport: 1\n', EXTRA: 'true' });
  expect(patches()).toEqual([{ metadata: { resourceVersion: expect.any(String) as string }, data: { LIMIT: '20', MODE: null, EXTRA: 'true' } }]);
  await runner().execute('configuration', wish);
  expect(patches()).toHaveLength(1);
  await runner().undo('configuration', wish, captured);
  expect(data()).toEqual({ LIMIT: '10', MODE: 'new', 'app.yaml': '# a comment\nport: 1\n' });
});

it('does not put back over what somebody has changed since', async () => {
  const captured = await runner().capture('configuration', wanting({ LIMIT: '20' }));
  await runner().execute('configuration', wanting({ LIMIT: '20' }));
  api.configMaps.get('web')!.data!['LIMIT'] = '30';
  await expect(runner().undo('configuration', wanting({ LIMIT: '20' }), captured)).rejects.toMatchObject({ code: 'state-drifted' });
  expect(data()).toMatchObject({ LIMIT: '30' });
});

it('decides anew when somebody else writes at the same time', async () => {
  let isTouched = false;
  api.faults.push(({ method }) => {
    if (method !== 'PATCH' || isTouched) return undefined;
    isTouched = true;
    api.configMaps.get('web')!.data!['THEIRS'] = 'x';
    api.touch(api.configMaps.get('web')!);
    return undefined;
  });
  await runner().execute('configuration', wanting({ LIMIT: '20' }));
  expect(data()).toMatchObject({ LIMIT: '20', THEIRS: 'x' });
  expect(patches()).toHaveLength(2);
});

it('restarts the pods of a deployment once per attempt, and waits until they run', async () => {
  const web = api.addDeployment('web', ['web:v1']);
  await runner({ restart: 'web' }).execute('configuration', wanting({ LIMIT: '20' }), undefined, 'attempt-1');
  expect(web.spec.template.metadata.annotations).toMatchObject({ 'belay/restarted-by-attempt': 'attempt-1', 'example.com/commit': 'commit-of-web:v1' });
  expect(api.replicaSets).toHaveLength(2);
  await runner({ restart: 'web' }).execute('configuration', wanting({ LIMIT: '20' }), undefined, 'attempt-1');
  expect(api.replicaSets).toHaveLength(2);
  api.rollout = 'deadline';
  await expect(runner({ restart: 'web' }).execute('configuration', wanting({ LIMIT: '30' }), undefined, 'attempt-2')).rejects.toThrow(/ProgressDeadlineExceeded/);
});

it('tells of a ConfigMap that is not there, may not be changed, or is full', async () => {
  await expect(runner({ configMap: 'other' }).execute('configuration', wanting({ A: '1' }))).rejects.toThrow(/answered 404: configmaps "other" not found/);
  await expect(runner().execute('configuration', wanting({ A: 'x'.repeat(1024 * 1024) }))).rejects.toThrow(/answered 422: data: Too long/);
  api.configMaps.get('web')!.immutable = true;
  await expect(runner().execute('configuration', wanting({ A: '1' }))).rejects.toThrow(/answered 422: field is immutable/);
});

it('takes texts only, and no versions', async () => {
  await expect(runner().execute('configuration', wanting({ LIMIT: { deep: 1 } }))).rejects.toThrow(/the value of LIMIT must be a text/);
  await expect(runner().execute('configuration', { service: 'web', configVersion: 'v1' })).rejects.toThrow(/ConfigMap web takes configItems/);
});
