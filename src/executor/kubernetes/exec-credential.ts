import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { runCommand } from '../../process/run-command.js';
import type { ClusterCredentials } from './cluster-access.js';

const API_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;

/** The `exec` of a kubeconfig's user: a program that prints credentials. */
export const execPluginSchema = z.object({
  apiVersion: z.enum(API_VERSIONS),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().nullish(),
  interactiveMode: z.enum(['Never', 'IfAvailable', 'Always']).nullish(),
});

const execCredentialSchema = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({ token: z.string().min(1).optional(), clientCertificateData: z.string().min(1).optional(), clientKeyData: z.string().min(1).optional() }),
});

interface PluginPlace {
  /** Of the kubeconfig; a program with a slash in its name is relative to it. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly server: string;
  readonly ca: string | undefined;
}

/**
 * Runs a credential plugin as an argument list and reads the ExecCredential that it prints. What it prints is never
 * repeated in an error, since it may be the credential.
 */
export async function credentialsOfPlugin(plugin: z.infer<typeof execPluginSchema>, place: PluginPlace, signal: AbortSignal): Promise<ClusterCredentials> {
  if (plugin.interactiveMode === 'Always') throw failed(plugin.command, 'wants to ask a person, and nobody is there');
  const result = await runCommand({
    argv: [plugin.command.includes('/') ? resolve(place.directory, plugin.command) : plugin.command, ...(plugin.args ?? [])],
    cwd: place.directory,
    env: { ...place.env, ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])), KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(plugin, place)) },
    signal,
  });
  if (result.exitCode !== 0) throw failed(plugin.command, result.exitCode === null ? `was ended by ${result.signal ?? 'a signal'}` : `exited with ${result.exitCode}`);
  const { status, problem } = readCredential(result.stdout);
  if (status === undefined) throw failed(plugin.command, problem);
  const { token, clientCertificateData, clientKeyData } = status;
  const clientCertificate = clientCertificateData === undefined || clientKeyData === undefined ? undefined : { certificate: clientCertificateData, key: clientKeyData };
  if (token === undefined && clientCertificate === undefined) throw failed(plugin.command, 'printed an ExecCredential with neither a token nor a client certificate and its key');
  return { token, clientCertificate };
}

function execInfo({ apiVersion, provideClusterInfo }: z.infer<typeof execPluginSchema>, { server, ca }: PluginPlace): unknown {
  const cluster = { server, ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }) };
  return { kind: 'ExecCredential', apiVersion, spec: { interactive: false, ...(provideClusterInfo === true ? { cluster } : {}) } };
}

type Credential = z.infer<typeof execCredentialSchema>;

function readCredential(printed: string): { readonly status: Credential['status']; readonly problem?: undefined } | { readonly status?: undefined; readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(printed);
  } catch {
    return { problem: 'did not print JSON' };
  }
  const credential = execCredentialSchema.safeParse(json);
  return credential.success ? credential.data : { problem: 'did not print an ExecCredential with a status' };
}

function failed(program: string, what: string): BelayError {
  return new BelayError('command-failed', `the kubeconfig's credential plugin ${program} ${what}`, { context: { program } });
}
