import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { BelayError, errorText } from '../../fault/belay-error.js';
import type { ClusterAccess, ClusterCredentials } from './cluster-access.js';
import { credentialsOfPlugin, execPluginSchema } from './exec-credential.js';

const text = z.string().min(1).nullish();
const entries = <S extends z.ZodType>(key: string, entry: S) => z.array(z.object({ name: z.string(), [key]: entry })).nullish();

const clusterSchema = z.object({
  server: z.url({ protocol: /^https?$/, error: 'must be a URL of http or https' }).refine((url) => !url.includes('@'), 'must not hold a login'),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': text,
  'proxy-url': text,
});

const userSchema = z.looseObject({
  token: text,
  tokenFile: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  exec: execPluginSchema.nullish(),
});
type User = z.infer<typeof userSchema>;

const contextSchema = z.object({ cluster: z.string(), user: z.string().nullish(), namespace: text });

const kubeconfigSchema = z.object({
  'current-context': text,
  contexts: entries('context', z.unknown()),
  clusters: entries('cluster', z.unknown()),
  users: entries('user', z.unknown()),
});

/** Ways to log in that would silently be another person's rights if they were passed over. */
const UNSUPPORTED_LOGINS = ['auth-provider', 'username', 'password', 'as', 'as-uid', 'as-groups', 'as-user-extra'];

/**
 * Reads one context of a kubeconfig file; without a name, its current one. Paths in it are relative to the file, as
 * kubectl reads them. Throws `provider-refused` naming the file and what is wrong in it, never a value.
 */
export async function readKubeconfig(path: string, contextName: string | undefined, env: Readonly<Record<string, string>>): Promise<ClusterAccess> {
  const file = kubeconfigSchema.safeParse(await readYaml(path));
  if (!file.success) throw wrongFile(path, problemText(file.error));
  const name = contextName ?? file.data['current-context'];
  if (name === undefined || name === null) throw wrongFile(path, 'it has no current-context; name one with "context"');
  const context = partOf(path, file.data.contexts, 'context', name, contextSchema);
  const cluster = partOf(path, file.data.clusters, 'cluster', context.cluster, clusterSchema);
  if (cluster['proxy-url'] !== undefined && cluster['proxy-url'] !== null) throw wrongFile(path, `cluster "${context.cluster}" is reached through a proxy (proxy-url), which Belay does not do`);
  const userName = context.user ?? '';
  const user = userName === '' ? {} : partOf(path, file.data.users, 'user', userName, userSchema);
  const unsupported = UNSUPPORTED_LOGINS.find((key) => user[key] !== undefined && user[key] !== null);
  if (unsupported !== undefined) throw wrongFile(path, `user "${userName}" logs in with ${unsupported}, which Belay does not do; use token, tokenFile, a client certificate or exec`);

  const directory = dirname(path);
  const ca = await inlineOrFile(cluster, 'certificate-authority', directory);
  const server = cluster.server.replace(/\/+$/, '');
  return {
    server,
    namespace: context.namespace ?? 'default',
    tls: { ca, serverName: cluster['tls-server-name'] ?? undefined, isUnchecked: cluster['insecure-skip-tls-verify'] === true },
    credentials: (signal) => credentialsOf(user, { directory, env, server, ca }, signal),
  };
}

interface LoginPlace {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly server: string;
  readonly ca: string | undefined;
}

async function credentialsOf(user: Partial<User>, place: LoginPlace, signal: AbortSignal): Promise<ClusterCredentials> {
  const certificate = await inlineOrFile(user, 'client-certificate', place.directory);
  const key = await inlineOrFile(user, 'client-key', place.directory);
  const clientCertificate = certificate === undefined || key === undefined ? undefined : { certificate, key };
  // As kubectl reads it: a file of a token is rotated, so it goes before the token itself.
  if (typeof user.tokenFile === 'string') return { token: (await readText(resolve(place.directory, user.tokenFile))).trim(), clientCertificate };
  if (typeof user.token === 'string') return { token: user.token, clientCertificate };
  if (user.exec === undefined || user.exec === null) return { clientCertificate };
  return await credentialsOfPlugin(user.exec, place, signal);
}

/** `KEY-data` holds the content itself in base64; `KEY` names a file. */
async function inlineOrFile(part: Readonly<Record<string, unknown>>, key: string, directory: string): Promise<string | undefined> {
  const data = part[`${key}-data`];
  if (typeof data === 'string') return Buffer.from(data, 'base64').toString('utf8');
  const path = part[key];
  return typeof path === 'string' ? await readText(resolve(directory, path)) : undefined;
}

function partOf<S extends z.ZodType>(path: string, list: readonly Readonly<Record<string, unknown>>[] | null | undefined, key: string, name: string, schema: S): z.output<S> {
  const found = list?.find((entry) => entry['name'] === name);
  if (found === undefined) {
    const known = (list ?? []).map((entry) => String(entry['name']));
    throw wrongFile(path, `it has no ${key} "${name}"${known.length === 0 ? '' : `; it has ${known.join(', ')}`}`);
  }
  const part = schema.safeParse(found[key]);
  if (part.success) return part.data;
  throw wrongFile(path, `${key} "${name}": ${problemText(part.error)}`);
}

/** Where it is wrong and what would be right, without what stands there. */
function problemText(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}

async function readYaml(path: string): Promise<unknown> {
  const content = await readText(path);
  try {
    return parse(content);
  } catch {
    // The parser shows the line that it stumbles over, and a token may stand in it.
    throw wrongFile(path, 'it is not YAML');
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new BelayError('provider-refused', `kubernetes: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? errorText(error)}`);
  }
}

function wrongFile(path: string, what: string): BelayError {
  return new BelayError('provider-refused', `kubeconfig ${path}: ${what}`);
}
