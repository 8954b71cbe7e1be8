import { BelayError } from '../../fault/belay-error.js';
import type { Clock } from '../../time/clock.js';
import type { KubernetesClient } from './kubernetes-client.js';
import { deploymentSchema, isOwnedBy, isReady, podSchema, replicaSetSchema, selectorText, type Deployment, type Pod, type ReplicaSet } from './kubernetes-objects.js';

const POLL_MS = 500;
const SHOWN_PODS = 3;

/** How far a rollout is. `stuck` does not go on by itself. */
export type RolloutProgress = { readonly state: 'complete' } | { readonly state: 'under-way' | 'stuck'; readonly missing: string };

/** Judges as `kubectl rollout status` does. */
export function rolloutProgress({ metadata, spec, status }: Deployment): RolloutProgress {
  if (spec.paused) return { state: 'stuck', missing: 'the deployment is paused; resume it (kubectl rollout resume)' };
  if (status.observedGeneration < metadata.generation) return { state: 'under-way', missing: 'the controller has not seen the change yet' };
  const counted = missingReplicas(spec.replicas, status);
  if (counted === undefined) return { state: 'complete' };
  const deadline = status.conditions.find(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded');
  return deadline === undefined ? { state: 'under-way', missing: counted } : { state: 'stuck', missing: `the progress deadline is exceeded (ProgressDeadlineExceeded): ${counted}` };
}

function missingReplicas(wanted: number, { replicas, updatedReplicas, availableReplicas }: Deployment['status']): string | undefined {
  if (updatedReplicas < wanted) return `${updatedReplicas} of ${wanted} replicas are updated`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} old replicas have not ended`;
  if (availableReplicas < updatedReplicas) return `${availableReplicas} of ${updatedReplicas} updated replicas are available`;
  return undefined;
}

/** A deployment with all that belongs to it. */
export interface Workload {
  readonly deployment: Deployment;
  readonly replicaSets: readonly ReplicaSet[];
  /** Those of its replica sets that have not ended. */
  readonly pods: readonly Pod[];
}

export async function readDeployment(client: KubernetesClient, name: string, signal: AbortSignal): Promise<Deployment> {
  return await client.get(deploymentPath(client, name), deploymentSchema, signal);
}

export async function readWorkload(client: KubernetesClient, name: string, signal: AbortSignal): Promise<Workload> {
  const deployment = await readDeployment(client, name, signal);
  const selector = selectorText(deployment.spec.selector);
  const allSets = await client.list(['apis', 'apps', 'v1', 'namespaces', client.namespace, 'replicasets'], selector, replicaSetSchema, signal);
  const replicaSets = allSets.filter((set) => isOwnedBy(set, deployment.metadata.uid));
  const allPods = await client.list(['api', 'v1', 'namespaces', client.namespace, 'pods'], selector, podSchema, signal);
  const pods = allPods.filter((pod) => replicaSets.some((set) => isOwnedBy(pod, set.metadata.uid)) && !['Succeeded', 'Failed'].includes(pod.status.phase));
  return { deployment, replicaSets, pods };
}

export function deploymentPath(client: KubernetesClient, name: string): string[] {
  return ['apis', 'apps', 'v1', 'namespaces', client.namespace, 'deployments', name];
}

/**
 * Waits until the rollout of the present template is complete. Throws `state-not-as-wanted` with what is missing as soon
 * as it is stuck, and when the signal aborts before its end.
 */
export async function waitForRollout(client: KubernetesClient, name: string, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const progress = rolloutProgress(await readDeployment(client, name, signal));
    if (progress.state === 'complete') return;
    if (progress.state === 'stuck') throw await incomplete(client, name, progress.missing, signal);
    try {
      await clock.sleepUntil(clock.now() + POLL_MS, signal);
    } catch (error) {
      // The time is over: what was missing last tells more than that it is over.
      throw new BelayError('state-not-as-wanted', `${subject(client, name)}: the rollout was not complete in time: ${progress.missing}`, { cause: error });
    }
  }
}

async function incomplete(client: KubernetesClient, name: string, missing: string, signal: AbortSignal): Promise<BelayError> {
  const { pods } = await readWorkload(client, name, signal);
  const trouble = podTrouble(pods);
  return new BelayError('state-not-as-wanted', `${subject(client, name)}: ${missing}${trouble === '' ? '' : `; ${trouble}`}`);
}

/** What keeps pods from being ready, as far as their containers say: `pod web-7: app: ImagePullBackOff: …`. */
export function podTrouble(pods: readonly Pod[]): string {
  return pods
    .filter((pod) => !isReady(pod))
    .flatMap((pod) =>
      pod.status.containerStatuses.flatMap(({ name, state }) => {
        const why = state.waiting ?? state.terminated;
        return why === undefined ? [] : [`pod ${pod.metadata.name}: ${name}: ${[why.reason, why.message].filter((words) => words !== '').join(': ').slice(0, 200)}`];
      }),
    )
    .slice(0, SHOWN_PODS)
    .join('; ');
}

function subject(client: KubernetesClient, name: string): string {
  return `deployment ${client.namespace}/${name}`;
}
