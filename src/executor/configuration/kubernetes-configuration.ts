import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { Clock } from '../../time/clock.js';
import { clusterSettings, objectName, openCluster } from '../kubernetes/cluster-settings.js';
import { withoutConflict, type KubernetesClient } from '../kubernetes/kubernetes-client.js';
import { configMapSchema, deploymentSchema } from '../kubernetes/kubernetes-objects.js';
import { deploymentPath, waitForRollout } from '../kubernetes/rollout.js';
import type { ConfigurationProvider, ConfigurationRequest, Reload } from './configuration-provider.js';

export const kubernetesConfigurationBinding = z.strictObject({
  type: z.literal('kubernetes'),
  ...clusterSettings,
  configMap: objectName.describe('The ConfigMap.'),
  /** A Deployment whose pods are replaced after the change, as `kubectl rollout restart` does. */
  restart: objectName.optional().describe('A Deployment whose pods are replaced after the change, and also where it was made already.'),
});
type KubernetesBinding = z.infer<typeof kubernetesConfigurationBinding>;

/** Keys by name; `null` is one that is not there. */
type Keys = Readonly<Record<string, string | null>>;
const capturedSchema = z.record(z.string(), z.string().nullable());

const KEY = /^(?!\.\.?$|\.\.)[-._a-zA-Z0-9]{1,253}$/;
/** On the pods of a restarted Deployment: pods with another mark are older. */
const RESTART_MARK = 'belay/restarted-by-attempt';

/** Keys of a ConfigMap. An item is one key, `null` takes it out; all other keys stay as they are. */
export function kubernetesConfiguration(binding: KubernetesBinding, directory: string): ConfigurationProvider {
  const open = (): Promise<KubernetesClient> => openCluster(binding, directory);
  return {
    async read({ parameters }, signal) {
      const wanted = wantedKeys(parameters, binding);
      const { data } = await readConfigMap(await open(), binding, signal);
      const actual = presentKeys(data, Object.keys(wanted));
      return { state: differing(actual, wanted).length === 0 ? 'applied' : 'not-applied', actual };
    },
    async apply({ parameters }, { signal }) {
      await setKeys(await open(), binding, wantedKeys(parameters, binding), signal);
    },
    memory: {
      async capture({ parameters }, signal) {
        const { data } = await readConfigMap(await open(), binding, signal);
        return presentKeys(data, Object.keys(wantedKeys(parameters, binding)));
      },
      async putBack({ parameters: { service } }, captured, { signal }) {
        const keys = capturedSchema.safeParse(captured);
        if (!keys.success) throw new BelayError('undo-impossible', `configuration of ${service}: what was captured is not in the form of keys`);
        await setKeys(await open(), binding, keys.data, signal);
      },
    },
  };
}

/** What follows a change, where the binding names a Deployment: its pods are replaced, and the rollout is waited for. */
export function kubernetesRestart(binding: KubernetesBinding, directory: string, clock: Clock): Reload | undefined {
  const { restart } = binding;
  if (restart === undefined) return undefined;
  return async (_request, { signal, attemptId }) => {
    const client = await openCluster(binding, directory);
    // The mark is the attempt's, so that one attempt restarts them once, however often it is asked.
    const patch = { spec: { template: { metadata: { annotations: { [RESTART_MARK]: attemptId ?? randomUUID() } } } } };
    await client.patch(deploymentPath(client, restart), 'merge', patch, deploymentSchema, signal);
    await waitForRollout(client, restart, clock, signal);
  };
}

async function setKeys(client: KubernetesClient, binding: KubernetesBinding, wanted: Keys, signal: AbortSignal): Promise<void> {
  await withoutConflict(async () => {
    const { metadata, data } = await readConfigMap(client, binding, signal);
    const changed = differing(presentKeys(data, Object.keys(wanted)), wanted);
    if (changed.length === 0) return;
    const patch = { metadata: { resourceVersion: metadata.resourceVersion }, data: Object.fromEntries(changed.map((key) => [key, wanted[key]])) };
    await client.patch(configMapPath(client, binding), 'merge', patch, configMapSchema, signal);
  });
}

function configMapPath(client: KubernetesClient, { configMap }: KubernetesBinding): string[] {
  return ['api', 'v1', 'namespaces', client.namespace, 'configmaps', configMap];
}

async function readConfigMap(client: KubernetesClient, binding: KubernetesBinding, signal: AbortSignal): Promise<z.output<typeof configMapSchema>> {
  return await client.get(configMapPath(client, binding), configMapSchema, signal);
}

function presentKeys(data: Readonly<Record<string, string>> | null | undefined, keys: readonly string[]): Keys {
  return Object.fromEntries(keys.map((key) => [key, data !== undefined && data !== null && Object.hasOwn(data, key) ? (data[key] ?? null) : null]));
}

function differing(actual: Keys, wanted: Keys): string[] {
  return Object.keys(wanted).filter((key) => actual[key] !== wanted[key]);
}

/** A ConfigMap holds text only: numbers and truth values become theirs, what has parts is refused. */
function wantedKeys({ configItems }: ConfigurationRequest['parameters'], { configMap }: KubernetesBinding): Keys {
  // The same is found by `belay check` where the plan says it plainly.
  if (configItems === undefined) throw new BelayError('parameter-invalid', `ConfigMap ${configMap} takes configItems; a configVersion needs a git or a command binding`);
  return Object.fromEntries(
    Object.entries(configItems).map(([key, value]) => {
      if (!KEY.test(key)) throw new BelayError('parameter-invalid', `${JSON.stringify(key.slice(0, 100))} cannot be a key of a ConfigMap: letters, digits, -, _ and . can`);
      if (typeof value === 'object' && value !== null) throw new BelayError('parameter-invalid', `ConfigMap ${configMap}: the value of ${key} must be a text; write what has parts as one`);
      return [key, value === null ? null : String(value)];
    }),
  );
}
