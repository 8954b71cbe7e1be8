import { resolve } from 'node:path';
import { z } from 'zod';
import { commandSurroundings, filePath, plainText } from '../calls/command-line.js';
import { KubernetesClient } from './kubernetes-client.js';
import { readKubeconfig } from './kubeconfig.js';
import { readServiceAccount, SERVICE_ACCOUNT_DIRECTORY } from './service-account.js';

/** A name of an object, as Kubernetes allows them in paths. */
export const objectName = z.string().max(253).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a name in Kubernetes: lower case letters, digits, - and .');

/** How a binding reaches a cluster. Without `kubeconfig` it is the one that Belay runs in, as its service account. */
export const clusterSettings = {
  kubeconfig: filePath.optional().describe('Users with a token, a client certificate or a credential plugin (`exec`). Without it, Belay is the service account of the pod that it runs in.'),
  /** Without it, the kubeconfig's current one. */
  context: plainText.min(1).optional().describe('Of the kubeconfig; without it its current one.'),
  /** Without it, that of the context or of the service account. */
  namespace: objectName.optional().describe('Without it that of the context or of the service account.'),
  /** For the credential plugin that the kubeconfig may name. */
  env: commandSurroundings.env.describe('Added to the environment of the kubeconfig\'s credential plugin.'),
};

interface ClusterSettings {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A client for one piece of work. What says who Belay is, is read anew, because files are rotated. */
export async function openCluster({ kubeconfig, context, namespace, env }: ClusterSettings, directory: string): Promise<KubernetesClient> {
  const access =
    kubeconfig === undefined ? await readServiceAccount(process.env, SERVICE_ACCOUNT_DIRECTORY) : await readKubeconfig(resolve(directory, kubeconfig), context, env ?? {});
  return new KubernetesClient(access, namespace ?? access.namespace);
}
