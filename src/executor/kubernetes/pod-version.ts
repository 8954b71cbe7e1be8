import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { plainText } from '../calls/command-line.js';

const key = plainText.min(1).max(317);

/** What of a pod is the version: its container's image tag, the revision of its replica set, or a label or annotation. */
export const versionSourceSchema = z.union([z.enum(['image', 'revision']), z.strictObject({ label: key.describe('The label of the pods that tells it.') }), z.strictObject({ annotation: key.describe('The annotation of the pods that tells it.') })]);
export type VersionSource = z.infer<typeof versionSourceSchema>;

/** A pod, or the template that pods are made of. */
interface PodLike {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> | undefined; readonly annotations?: Readonly<Record<string, string>> | undefined } | undefined;
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image?: string | undefined }[] };
}

/** The version of a pod or a template; `undefined` where it does not say. The revision stands on the replica set instead. */
export function podVersion(pod: PodLike, source: Exclude<VersionSource, 'revision'>, container: string | undefined): string | undefined {
  if (source === 'image') return imageVersion(containerOf(pod, container).image ?? '');
  return 'label' in source ? pod.metadata?.labels?.[source.label] : pod.metadata?.annotations?.[source.annotation];
}

/** The container that is meant: the one of that name, or the only one. */
export function containerOf({ spec: { containers } }: PodLike, name: string | undefined): PodLike['spec']['containers'][number] {
  const found = name === undefined && containers.length === 1 ? containers[0] : containers.find((container) => container.name === name);
  if (found !== undefined) return found;
  const known = containers.map((container) => container.name).join(', ');
  throw new BelayError('provider-refused', name === undefined ? `the pods have several containers (${known}); name one with "container"` : `the pods have no container "${name}"; they have ${known}`);
}

/** `registry:5000/shop/web:v3` → `v3`; with a digest, the digest; `latest` where neither is written. */
export function imageVersion(image: string): string {
  const [named = '', digest] = image.split('@');
  if (digest !== undefined) return digest;
  return /:([^/:]+)$/.exec(named)?.[1] ?? 'latest';
}

const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;

/** An image of a repository at a version: a tag, or a digest such as `sha256:…`. Throws `parameter-invalid` for what is neither. */
export function imageAt(repository: string, version: string): string {
  if (DIGEST.test(version)) return `${repository}@${version}`;
  if (TAG.test(version)) return `${repository}:${version}`;
  throw new BelayError('parameter-invalid', `${JSON.stringify(version.slice(0, 100))} is not the tag or the digest of an image`);
}
