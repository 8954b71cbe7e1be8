import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { Clock } from '../../time/clock.js';
import { plainText } from '../calls/command-line.js';
import { clusterSettings, objectName, openCluster } from '../kubernetes/cluster-settings.js';
import { withoutConflict, type KubernetesClient } from '../kubernetes/kubernetes-client.js';
import { deploymentSchema, isOwnedBy, isReady, type Deployment, type PodTemplate, type ReplicaSet } from '../kubernetes/kubernetes-objects.js';
import { containerOf, imageAt, podVersion, versionSourceSchema } from '../kubernetes/pod-version.js';
import { deploymentPath, podTrouble, readWorkload, rolloutProgress, waitForRollout, type Workload } from '../kubernetes/rollout.js';
import type { Reading } from '../state-executor.js';
import type { DeploymentProvider } from './deployment-provider.js';

export const kubernetesDeploymentBinding = z
  .strictObject({
    type: z.literal('kubernetes'),
    ...clusterSettings,
    deployment: objectName.describe('The Deployment.'),
    /** Whose image tells the version; may be left out where there is one. */
    container: objectName.optional().describe('Whose image is meant. May be left out where there is one.'),
    versionFrom: versionSourceSchema.default('image').describe('What the version is: the tag (or digest) of the container\'s image, the revision of the Deployment, or a label or annotation of the pods.'),
    /** A repository. With it, a version is deployed by setting the image; without, by giving back the template of the revision that ran it. */
    image: plainText.regex(/^[a-z0-9][\w.:/-]*$/i, 'must be the name of an image without a tag').optional().describe('The image without its tag. With it, a version is deployed by setting the image to it.'),
  })
  .refine(({ image, versionFrom }) => image === undefined || versionFrom === 'image', { path: ['image'], message: 'sets a version by its tag, so versionFrom must be image' });
type KubernetesBinding = z.infer<typeof kubernetesDeploymentBinding>;

const REVISION = 'deployment.kubernetes.io/revision';
/** An undo gives an old replica set a new revision, and keeps the earlier ones here. */
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
/** What belongs to the deployment or to one replica set and not to a revision, as kubectl has it. */
const OWN_ANNOTATIONS = ['kubectl.kubernetes.io/last-applied-configuration', REVISION, REVISION_HISTORY, 'deployment.kubernetes.io/desired-replicas', 'deployment.kubernetes.io/max-replicas', 'deprecated.deployment.rollback.to'];

const capturedSchema = z.object({ version: z.string(), revision: z.string() });

/** What is wanted: a version as the binding tells it, or, for an undo, exactly the revision that there was. */
type Wish = { readonly version: string } | { readonly revision: string };

/**
 * A Deployment in Kubernetes. A version is brought back as `kubectl rollout undo` does, or its image is set; either way
 * the rollout is waited for as `kubectl rollout status` does, and what counts in the end is what the ready pods run.
 */
export function kubernetesDeployment(binding: KubernetesBinding, directory: string, clock: Clock): DeploymentProvider {
  const open = (): Promise<KubernetesClient> => openCluster(binding, directory);
  const reading = async (wish: Wish, signal: AbortSignal): Promise<Reading> => {
    const client = await open();
    return stateOf(await readWorkload(client, binding.deployment, signal), wish, binding);
  };
  const bring = async (wish: Wish, signal: AbortSignal): Promise<void> => {
    const client = await open();
    await withoutConflict(async () => {
      const workload = await readWorkload(client, binding.deployment, signal);
      const path = deploymentPath(client, binding.deployment);
      if (workload.deployment.spec.paused) throw new BelayError('provider-refused', `deployment ${client.namespace}/${binding.deployment} is paused; resume it (kubectl rollout resume) first`);
      if (binding.image !== undefined && 'version' in wish) await setImage(client, path, workload, imageAt(binding.image, wish.version), binding, signal);
      else await restoreTemplate(client, path, workload, replicaSetOf(workload, wish, binding), signal);
    });
    await waitForRollout(client, binding.deployment, clock, signal);
  };
  return {
    read: ({ parameters: { version } }, signal) => reading({ version }, signal),
    deploy: ({ parameters: { version } }, { signal }) => bring({ version }, signal),
    async capture(_request, signal) {
      const workload = await readWorkload(await open(), binding.deployment, signal);
      const set = presentReplicaSet(workload);
      if (set === undefined) return undefined;
      const revision = revisionsOf(set)[0] ?? '';
      return { version: versionsOf(set, binding)[0] ?? revision, revision };
    },
    before(captured) {
      const { version, revision } = capturedSchema.parse(captured);
      return {
        version,
        provider: { read: (_request, signal) => reading({ revision }, signal), deploy: (_request, { signal }) => bring({ revision }, signal) },
      };
    },
  };
}

/** Applied: the present template is the wanted one, its rollout is complete, and every ready pod runs it. */
function stateOf(workload: Workload, wish: Wish, binding: KubernetesBinding): Reading {
  const { deployment, replicaSets, pods } = workload;
  const present = presentReplicaSet(workload);
  const isWantedSet = (set: ReplicaSet | undefined): boolean => set !== undefined && isWanted(set, wish, binding);
  const setsOfPods = pods.filter(isReady).map((pod) => replicaSets.find((set) => isOwnedBy(pod, set.metadata.uid)));
  const progress = rolloutProgress(deployment);
  const running = setsOfPods.length === 0 ? (deployment.spec.replicas === 0 && present !== undefined ? [present] : []) : setsOfPods;
  const actual = versionText(running, wish, binding);
  if (isWantedSet(present) && progress.state === 'complete' && running.length > 0 && running.every(isWantedSet)) return { state: 'applied', actual };
  const missing = progress.state === 'complete' ? undefined : [progress.missing, podTrouble(pods)].filter((words) => words !== '').join('; ');
  // A rollout of something else that is not complete is no news: it may be what is being rolled back.
  return isWantedSet(present) && missing !== undefined ? { state: 'not-applied', problem: missing } : { state: 'not-applied', actual: actual ?? 'no ready pod' };
}

/** What pods run, most first: `v3`, or `v3 on 2 of 3 ready pods, v2 on 1`. */
function versionText(sets: readonly (ReplicaSet | undefined)[], wish: Wish, binding: KubernetesBinding): string | undefined {
  const counts = new Map<string, number>();
  for (const set of sets) {
    const name = set === undefined ? 'an unknown version' : nameOf(set, wish, binding);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [most, ...others] = [...counts].toSorted(([, a], [, b]) => b - a);
  if (most === undefined) return undefined;
  return others.length === 0 ? most[0] : [`${most[0]} on ${most[1]} of ${sets.length} ready pods`, ...others.map(([name, count]) => `${name} on ${count}`)].join(', ');
}

/** Of several revisions that one template has had, the one that is asked about. */
function nameOf(set: ReplicaSet, wish: Wish, binding: KubernetesBinding): string {
  const versions = versionsOf(set, binding);
  return ('version' in wish && versions.includes(wish.version) ? wish.version : versions[0]) ?? 'a version without a name';
}

function isWanted(set: ReplicaSet, wish: Wish, binding: KubernetesBinding): boolean {
  if ('revision' in wish) return revisionsOf(set).includes(wish.revision);
  if (binding.image !== undefined) return containerOf(set.spec.template, binding.container).image === imageAt(binding.image, wish.version);
  return versionsOf(set, binding).includes(wish.version);
}

function versionsOf(set: ReplicaSet, { versionFrom, container }: KubernetesBinding): string[] {
  if (versionFrom === 'revision') return revisionsOf(set);
  const version = podVersion(set.spec.template, versionFrom, container);
  return version === undefined ? [] : [version];
}

/** The present revision first, then those that the same template has had before. */
function revisionsOf({ metadata: { annotations } }: ReplicaSet): string[] {
  const history = (annotations[REVISION_HISTORY] ?? '').split(',').filter((revision) => revision !== '');
  return [...(annotations[REVISION] === undefined ? [] : [annotations[REVISION]]), ...history.toReversed()];
}

/** The replica set of the present template. */
function presentReplicaSet({ deployment, replicaSets }: Workload): ReplicaSet | undefined {
  return replicaSets.find((set) => isDeepStrictEqual(templateOf(set), deployment.spec.template));
}

/** The newest replica set that the wish fits. */
function replicaSetOf({ replicaSets, deployment }: Workload, wish: Wish, binding: KubernetesBinding): ReplicaSet {
  const [newest] = replicaSets.filter((set) => isWanted(set, wish, binding)).toSorted((a, b) => Number(revisionsOf(b)[0] ?? 0) - Number(revisionsOf(a)[0] ?? 0));
  if (newest !== undefined) return newest;
  const known = replicaSets.map((set) => `${revisionsOf(set)[0] ?? '?'} (${versionsOf(set, binding)[0] ?? 'no version'})`);
  const wanted = 'revision' in wish ? `revision ${wish.revision}` : `version ${JSON.stringify(wish.version.slice(0, 100))}`;
  throw new BelayError('provider-refused', `no revision of deployment ${deployment.metadata.name} is ${wanted}; it has ${known.join(', ') || 'none'}. revisionHistoryLimit says how many are kept`);
}

/** A replica set's template as the deployment had it: without the label that tells its pods apart. */
function templateOf({ spec: { template } }: ReplicaSet): PodTemplate {
  const labels = Object.fromEntries(Object.entries(template.metadata?.labels ?? {}).filter(([key]) => key !== 'pod-template-hash'));
  return { ...template, metadata: { ...template.metadata, labels } };
}

async function restoreTemplate(client: KubernetesClient, path: readonly string[], { deployment }: Workload, set: ReplicaSet, signal: AbortSignal): Promise<void> {
  const template = templateOf(set);
  if (isDeepStrictEqual(template, deployment.spec.template)) return;
  const kept = Object.entries(deployment.metadata.annotations).filter(([key]) => OWN_ANNOTATIONS.includes(key));
  const ofRevision = Object.entries(set.metadata.annotations).filter(([key]) => !OWN_ANNOTATIONS.includes(key));
  await client.patch(
    path,
    'json',
    [
      { op: 'replace', path: '/spec/template', value: template },
      { op: 'add', path: '/metadata/annotations', value: Object.fromEntries([...kept, ...ofRevision]) },
      ...guarded(deployment),
    ],
    deploymentSchema,
    signal,
  );
}

/** With the version of what was read in it, a patch of what somebody has changed since is refused (409). */
function guarded({ metadata: { resourceVersion } }: Deployment): readonly unknown[] {
  return [{ op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion }];
}

async function setImage(client: KubernetesClient, path: readonly string[], { deployment }: Workload, image: string, binding: KubernetesBinding, signal: AbortSignal): Promise<void> {
  const { resourceVersion } = deployment.metadata;
  const container = containerOf(deployment.spec.template, binding.container);
  if (container.image === image) return;
  await client.patch(path, 'strategic-merge', { metadata: { resourceVersion }, spec: { template: { spec: { containers: [{ name: container.name, image }] } } } }, deploymentSchema, signal);
}
