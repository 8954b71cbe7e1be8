import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';

type Json = Record<string, unknown>;
interface Meta extends Json {
  name: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  ownerReferences?: { uid: string; controller: boolean }[];
}
interface Template extends Json {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: { name: string; image: string }[] };
}
interface Deployment extends Json {
  metadata: Meta;
  spec: { replicas: number; paused?: boolean; selector: { matchLabels: Record<string, string> }; template: Template };
  status: Json;
}
interface ReplicaSet extends Json {
  metadata: Meta;
  spec: { template: Template };
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | null;
  readonly authorization: string | null;
  readonly body: unknown;
}

const SERVER = 'https://kubernetes.test:6443';
const REVISION = 'deployment.kubernetes.io/revision';

/**
 * The HTTP API of Kubernetes as its reference (v1.31) describes it, for what Belay asks: apps/v1 Deployments with their
 * `scale` and ReplicaSets, v1 Pods and ConfigMaps; JSON, merge and strategic merge patches, optimistic locking by
 * resourceVersion, lists in pages, `Status` objects as errors. A small deployment controller makes replica sets and pods.
 */
export class KubernetesApi {
  readonly requests: SeenRequest[] = [];
  /** Answers that come before the real ones, each once, to the first request that it wants. */
  readonly faults: ((request: SeenRequest) => Response | undefined)[] = [];
  token = 'the-good-token';
  /** What becomes of the pods of a new template. */
  rollout: 'complete' | 'never' | 'deadline' = 'complete';
  pageSize = 250;
  readonly deployments = new Map<string, Deployment>();
  replicaSets: ReplicaSet[] = [];
  pods: Json[] = [];
  readonly configMaps = new Map<string, { metadata: Meta; data?: Record<string, string> | undefined; immutable?: boolean }>();
  readonly directory = mkdtempSync(join(tmpdir(), 'belay-kubernetes-'));
  readonly #server = setupServer(http.all(`${SERVER}/*`, async ({ request }) => this.#answer(request)));
  #version = 100;

  start(): void {
    this.#server.listen({ onUnhandledRequest: 'bypass' });
    this.writeKubeconfig({ token: this.token });
  }

  stop(): void {
    this.#server.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  writeKubeconfig(user: Json, extra: Json = {}): void {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'belay', namespace: 'shop' } }],
      clusters: [{ name: 'test', cluster: { server: `${SERVER}/` } }],
      users: [{ name: 'belay', user }],
      ...extra,
    };
    writeFileSync(join(this.directory, 'kubeconfig'), JSON.stringify(config));
  }

  /** A deployment whose revisions have run these images, the last one at present. */
  addDeployment(name: string, images: readonly string[], replicas = 3): Deployment {
    const labels = { app: name };
    const deployment: Deployment = {
      metadata: { ...this.#meta(name), labels, annotations: {} },
      spec: { replicas, selector: { matchLabels: labels }, template: template(labels, images[0] ?? '') },
      status: {},
    };
    this.deployments.set(name, deployment);
    const rollout = this.rollout;
    this.rollout = 'complete';
    for (const image of images) {
      deployment.spec.template = template(labels, image);
      deployment.metadata.annotations['kubernetes.io/change-cause'] = `ship ${image}`;
      deployment.metadata.generation += 1;
      this.#reconcile(deployment);
    }
    this.rollout = rollout;
    return deployment;
  }

  addConfigMap(name: string, data: Record<string, string>): void {
    this.configMaps.set(name, { metadata: this.#meta(name), data });
  }

  /** As somebody else's change would. */
  touch(object: { metadata: Meta }): void {
    object.metadata.resourceVersion = String((this.#version += 1));
  }

  status(code: number, message: string, headers: Record<string, string> = {}): Response {
    return HttpResponse.json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message, reason: String(code) }, { status: code, headers });
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const text = await request.text();
    const seen: SeenRequest = {
      method: request.method,
      path: decodeURIComponent(url.pathname) + url.search,
      contentType: request.headers.get('content-type'),
      authorization: request.headers.get('authorization'),
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.requests.push(seen);
    for (const [index, fault] of this.faults.entries()) {
      const answer = fault(seen);
      if (answer === undefined) continue;
      this.faults.splice(index, 1);
      return answer;
    }
    if (seen.authorization !== `Bearer ${this.token}`) return this.status(401, 'Unauthorized');
    const [, kind, name, sub] = /^\/(?:api|apis\/apps)\/v1\/namespaces\/shop\/(\w+)(?:\/([^/]+))?(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    if (kind === 'replicasets' && name === undefined) return this.#page(this.replicaSets, url);
    if (kind === 'pods' && name === undefined) return this.#page(this.pods, url);
    const object = kind === 'deployments' ? this.deployments.get(name ?? '') : kind === 'configmaps' ? this.configMaps.get(name ?? '') : undefined;
    if (object === undefined) return this.status(404, `${String(kind)} "${String(name)}" not found`);
    if (seen.method === 'PATCH') {
      const refusal = this.#patch(object, seen, sub);
      if (refusal !== undefined) return refusal;
    }
    if ('status' in object) this.#reconcile(object);
    return HttpResponse.json(sub === 'scale' ? scaleOf(object as Deployment) : (object as Json));
  }

  #page(items: readonly Json[], url: URL): Response {
    const wanted = new Map((url.searchParams.get('labelSelector') ?? '').split(',').map((part) => part.split('=') as [string, string]));
    const chosen = items.filter((item) => [...wanted].every(([key, value]) => (item['metadata'] as Meta).labels[key] === value));
    const start = Number(url.searchParams.get('continue') ?? 0);
    const end = start + Math.min(this.pageSize, Number(url.searchParams.get('limit') ?? this.pageSize));
    return HttpResponse.json({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1', ...(end < chosen.length ? { continue: String(end) } : {}) }, items: chosen.slice(start, end) });
  }

  #patch(object: { metadata: Meta }, { contentType, body }: SeenRequest, sub: string | undefined): Response | undefined {
    const patched = structuredClone(object) as Json & { metadata: Meta };
    if (contentType === 'application/json-patch+json') {
      for (const { op, path, value } of body as { op: string; path: string; value: unknown }[]) {
        const keys = path.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
        const last = keys.pop()!;
        const parent = keys.reduce<Json>((inner, key) => inner[key] as Json, patched);
        if (op === 'replace' && !(last in parent)) return this.status(422, `the patch replaces ${path}, which is not there`);
        parent[last] = value;
      }
    } else {
      merge(patched, body as Json, contentType === 'application/strategic-merge-patch+json');
    }
    if (patched.metadata.resourceVersion !== object.metadata.resourceVersion) return this.status(409, 'the object has been modified; please apply your changes to the latest version and try again');
    if ('data' in patched) {
      if ((object as { immutable?: boolean }).immutable === true) return this.status(422, 'field is immutable when `immutable` is set');
      const badKey = Object.keys((patched['data'] ?? {}) as Json).find((key) => !/^[-._a-zA-Z0-9]+$/.test(key));
      if (badKey !== undefined) return this.status(422, `data: Invalid value: ${JSON.stringify(badKey)}`);
      if (JSON.stringify(patched['data']).length > 1024 * 1024) return this.status(422, 'data: Too long: must have at most 1048576 bytes');
    }
    if (sub !== 'scale') patched.metadata.generation += 1;
    this.touch(patched);
    Object.assign(object, patched);
    return undefined;
  }

  /** What the deployment controller and the kubelets do. */
  #reconcile(deployment: Deployment): void {
    const { metadata, spec } = deployment;
    let set = this.replicaSets.find((candidate) => JSON.stringify(withoutHash(candidate.spec.template)) === JSON.stringify(spec.template));
    const newest = Math.max(0, ...this.replicaSets.filter(({ metadata: { labels } }) => labels['app'] === spec.selector.matchLabels['app']).map((other) => Number(other.metadata.annotations[REVISION])));
    if (set === undefined) {
      const hash = `hash${this.replicaSets.length}`;
      const labels = { ...spec.template.metadata.labels, 'pod-template-hash': hash };
      set = { metadata: { ...this.#meta(`${metadata.name}-${hash}`), labels, ownerReferences: [{ uid: metadata.uid, controller: true }] }, spec: { template: { ...spec.template, metadata: { ...spec.template.metadata, labels } } } };
      this.replicaSets.push(set);
    }
    const revision = set.metadata.annotations[REVISION];
    if (revision !== String(newest) || newest === 0) {
      const history = set.metadata.annotations['deployment.kubernetes.io/revision-history'];
      set.metadata.annotations = { ...metadata.annotations, [REVISION]: String(newest + 1), ...(revision === undefined ? {} : { 'deployment.kubernetes.io/revision-history': history === undefined ? revision : `${history},${revision}` }) };
      metadata.annotations[REVISION] = String(newest + 1);
    }
    const isOwn = (pod: Json): boolean => (pod['metadata'] as Meta).ownerReferences?.[0]?.uid === set.metadata.uid;
    const own = this.pods.filter((pod) => isOwn(pod) && isAvailable(pod));
    if (this.rollout === 'complete') {
      const others = this.pods.filter((pod) => (pod['metadata'] as Meta).labels['app'] !== spec.selector.matchLabels['app']);
      this.pods = [...others, ...Array.from({ length: spec.replicas }, (_, index) => own[index] ?? this.#pod(set, `${set.metadata.name}-${index}`, true))];
    } else if (!this.pods.some(isOwn)) {
      this.pods.push(this.#pod(set, `${set.metadata.name}-0`, false));
    }
    const total = this.pods.filter((pod) => (pod['metadata'] as Meta).labels['app'] === spec.selector.matchLabels['app']).length;
    const updated = this.pods.filter(isOwn);
    const available = updated.filter(isAvailable).length;
    const isLate = this.rollout === 'deadline' && available < spec.replicas;
    deployment.status = {
      observedGeneration: metadata.generation,
      replicas: total,
      updatedReplicas: updated.length,
      readyReplicas: total,
      availableReplicas: available,
      conditions: [{ type: 'Progressing', status: isLate ? 'False' : 'True', reason: isLate ? 'ProgressDeadlineExceeded' : 'NewReplicaSetAvailable', message: '' }],
    };
  }

  #pod(set: ReplicaSet, name: string, isReady: boolean): Json {
    return {
      metadata: { ...this.#meta(name), labels: set.spec.template.metadata.labels, ownerReferences: [{ uid: set.metadata.uid, controller: true }] },
      spec: set.spec.template.spec,
      status: {
        phase: isReady ? 'Running' : 'Pending',
        conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
        containerStatuses: [{ name: 'app', ready: isReady, state: isReady ? { running: {} } : { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } } }],
      },
    };
  }

  #meta(name: string): Meta {
    const version = String((this.#version += 1));
    return { name, namespace: 'shop', uid: `uid-${version}`, resourceVersion: version, generation: 1, labels: {}, annotations: {} };
  }
}

function isAvailable(pod: Json): boolean {
  return ((pod['status'] as Json)['conditions'] as Json[])[0]?.['status'] === 'True';
}

function template(labels: Record<string, string>, image: string): Template {
  return { metadata: { labels, annotations: { 'example.com/commit': `commit-of-${image}` } }, spec: { containers: [{ name: 'app', image }] } };
}

function withoutHash({ metadata, ...rest }: Template): Template {
  const labels = { ...metadata.labels };
  delete labels['pod-template-hash'];
  return { metadata: { ...metadata, labels }, ...rest };
}

function scaleOf({ metadata, spec, status }: Deployment): Json {
  return { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata, spec: { replicas: spec.replicas }, status: { replicas: status['replicas'], selector: `app=${spec.selector.matchLabels['app']!}` } };
}

/** RFC 7386; `isStrategic` knows of containers that their name is their key. */
function merge(into: Json, patch: Json, isStrategic: boolean): void {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(into, key);
    else if (Array.isArray(value) && isStrategic && key === 'containers') for (const item of value as Json[]) merge((into[key] as Json[]).find(({ name }) => name === item['name'])!, item, true);
    else if (typeof value === 'object' && !Array.isArray(value)) merge((into[key] ??= {}) as Json, value as Json, isStrategic);
    else into[key] = value;
  }
}
