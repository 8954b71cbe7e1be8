import { z } from 'zod';
import { clusterSettings, objectName, openCluster } from '../kubernetes/cluster-settings.js';
import { withoutConflict } from '../kubernetes/kubernetes-client.js';
import { scaleSchema } from '../kubernetes/kubernetes-objects.js';
import { deploymentPath, podTrouble, readWorkload } from '../kubernetes/rollout.js';
import type { StateChange } from '../state-executor.js';
import { scaleChange, wantedReplicas } from './scale-change.js';
import type { TrafficRequest } from './traffic-request.js';

export const kubernetesScaleBinding = z.strictObject({ type: z.literal('kubernetes'), ...clusterSettings, deployment: objectName.describe('The Deployment.') });

/** The replicas of a Deployment, through its `scale`. Pods that are about to end still run. */
export function kubernetesScale(binding: z.infer<typeof kubernetesScaleBinding>, directory: string, { parameters }: TrafficRequest): StateChange {
  const { deployment: name } = binding;
  const replicas = {
    place: `deployment ${name}`,
    async count(signal: AbortSignal) {
      const { deployment, pods } = await readWorkload(await openCluster(binding, directory), name, signal);
      const { availableReplicas } = deployment.status;
      const declared = deployment.spec.replicas;
      const problem = availableReplicas < declared ? [`${availableReplicas} of ${declared} are available`, podTrouble(pods)].filter((words) => words !== '').join('; ') : undefined;
      return { declared, running: pods.length, problem };
    },
    async scale(wanted: number, { signal }: { readonly signal: AbortSignal }) {
      const client = await openCluster(binding, directory);
      const path = [...deploymentPath(client, name), 'scale'];
      await withoutConflict(async () => {
        const { metadata, spec } = await client.get(path, scaleSchema, signal);
        if (spec.replicas === wanted) return;
        await client.patch(path, 'merge', { metadata: { resourceVersion: metadata.resourceVersion }, spec: { replicas: wanted } }, scaleSchema, signal);
      });
    },
  };
  return scaleChange(parameters.service, replicas, wantedReplicas(parameters));
}
