import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BelayError } from '../../fault/belay-error.js';
import type { ClusterAccess } from './cluster-access.js';

/** Where Kubernetes puts the service account into every container. */
export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The cluster that Belay itself runs in, as its pod's service account. Throws `provider-refused` where there is none. */
export async function readServiceAccount(env: NodeJS.ProcessEnv, directory: string): Promise<ClusterAccess> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || host === '' || port === undefined || port === '') {
    throw new BelayError('provider-refused', 'kubernetes: Belay does not run in a cluster (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set); name a kubeconfig');
  }
  const read = async (name: string): Promise<string> => {
    try {
      return await readFile(join(directory, name), 'utf8');
    } catch (error) {
      throw new BelayError('provider-refused', `kubernetes: the service account's ${join(directory, name)} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}`);
    }
  };
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: (await read('namespace')).trim(),
    tls: { ca: await read('ca.crt'), isUnchecked: false },
    // The kubelet replaces the token before it expires.
    credentials: async () => ({ token: (await read('token')).trim() }),
  };
}
