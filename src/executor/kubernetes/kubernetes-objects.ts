import { z } from 'zod';

/** The parts of Kubernetes objects that Belay reads; API groups apps/v1 and core v1. */

const metadata = z.object({
  name: z.string(),
  uid: z.string().default(''),
  resourceVersion: z.string().default(''),
  generation: z.number().default(0),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  deletionTimestamp: z.string().nullish(),
  ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().optional() })).default([]),
});

const labelSelector = z.object({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z.array(z.object({ key: z.string(), operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: z.array(z.string()).optional() })).optional(),
});
export type LabelSelector = z.infer<typeof labelSelector>;

/** Whole, because it is given back as it was. */
const podTemplate = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).optional(), annotations: z.record(z.string(), z.string()).optional() }).optional(),
  spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string(), image: z.string().optional() })) }),
});
export type PodTemplate = z.infer<typeof podTemplate>;

const condition = z.object({ type: z.string(), status: z.string(), reason: z.string().default(''), message: z.string().default('') });

export const deploymentSchema = z.object({
  metadata,
  spec: z.object({ replicas: z.int().default(1), paused: z.boolean().default(false), selector: labelSelector, template: podTemplate }),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      replicas: z.int().default(0),
      updatedReplicas: z.int().default(0),
      readyReplicas: z.int().default(0),
      availableReplicas: z.int().default(0),
      conditions: z.array(condition).default([]),
    })
    .prefault({}),
});
export type Deployment = z.infer<typeof deploymentSchema>;

export const replicaSetSchema = z.object({ metadata, spec: z.object({ template: podTemplate }) });
export type ReplicaSet = z.infer<typeof replicaSetSchema>;

const waiting = z.object({ reason: z.string().default(''), message: z.string().default('') });
const containerStatus = z.object({ name: z.string(), ready: z.boolean().default(false), state: z.object({ waiting: waiting.optional(), terminated: waiting.optional() }).default({}) });

export const podSchema = z.object({
  metadata,
  spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
  status: z
    .object({ phase: z.string().default(''), conditions: z.array(condition).default([]), containerStatuses: z.array(containerStatus).default([]) })
    .prefault({}),
});
export type Pod = z.infer<typeof podSchema>;

/** `immutable` and `binaryData` are left to the server, which refuses what they forbid. */
export const configMapSchema = z.object({ metadata, data: z.record(z.string(), z.string()).nullish() });

/** autoscaling/v1, the `scale` of a workload. */
export const scaleSchema = z.object({
  metadata,
  spec: z.object({ replicas: z.int().default(0) }).prefault({}),
  status: z.object({ replicas: z.int().default(0), selector: z.string().optional() }).prefault({}),
});

/** A selector as a list request takes it: `app=shop,tier in (a,b),!canary`. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    switch (operator) {
      case 'In':
        return `${key} in (${values.join(',')})`;
      case 'NotIn':
        return `${key} notin (${values.join(',')})`;
      case 'Exists':
        return key;
      case 'DoesNotExist':
        return `!${key}`;
      default:
        return operator satisfies never;
    }
  });
  return [...labels, ...expressions].join(',');
}

/** Whether an object belongs to the one that has this id. */
export function isOwnedBy({ metadata: { ownerReferences } }: { readonly metadata: z.infer<typeof metadata> }, uid: string): boolean {
  return ownerReferences.some((owner) => owner.controller === true && owner.uid === uid);
}

export function isReady({ metadata: { deletionTimestamp }, status }: Pod): boolean {
  return (deletionTimestamp === undefined || deletionTimestamp === null) && status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
}
