// Kubernetes API v1.31, the scale of apps/v1 Deployments (autoscaling/v1 Scale).
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KubernetesApi } from '../../support/kubernetes-api.js';
import { StepRunner } from '../../support/step-runner.js';

let api: KubernetesApi;
beforeEach(() => {
  api = new KubernetesApi();
  api.start();
  api.addDeployment('web', ['web:v1']);
});
afterEach(() => api.stop());

const runner = (): StepRunner => new StepRunner({ directory: api.directory, bindings: { traffic: { web: { type: 'kubernetes', kubeconfig: 'kubeconfig', deployment: 'web' } } } });
const scaled = (replicas: number): Record<string, unknown> => ({ service: 'web', replicas });

it('is scaled down to nothing, seen to be gone, and back up', async () => {
  expect((await runner().describe('traffic', scaled(0))).summary).toBe('replicas of web (deployment web): 3 → 0');
  const captured = await runner().capture('traffic', scaled(0));
  await runner().execute('traffic', scaled(0));
  expect(api.pods).toEqual([]);
  expect(api.requests.filter(({ method }) => method === 'PATCH')).toMatchObject([{ path: '/apis/apps/v1/namespaces/shop/deployments/web/scale', contentType: 'application/merge-patch+json', body: { spec: { replicas: 0 } } }]);
  await runner().undo('traffic', scaled(0), captured);
  expect(api.pods).toHaveLength(3);
});

it('is not down while a pod is still about to end', async () => {
  api.rollout = 'never';
  await expect(runner().execute('traffic', scaled(0), AbortSignal.timeout(3_000))).rejects.toThrow(/wanted 0, found 3 running/);
});

it('is not up while a pod is not available', async () => {
  api.rollout = 'never';
  await expect(runner().execute('traffic', scaled(4), AbortSignal.timeout(3_000))).rejects.toThrow(/wanted 4, found 3 running/);
});

it('reads again what somebody else has changed in between', async () => {
  api.faults.push(({ method }) => (method === 'PATCH' ? api.status(409, 'the object has been modified') : undefined));
  await runner().execute('traffic', scaled(1));
  expect(api.pods).toHaveLength(1);
});
