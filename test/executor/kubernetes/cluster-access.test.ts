import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KubernetesClient } from '../../../src/executor/kubernetes/kubernetes-client.js';
import { readKubeconfig } from '../../../src/executor/kubernetes/kubeconfig.js';
import { readServiceAccount } from '../../../src/executor/kubernetes/service-account.js';

// A real TLS server, which asks for a client certificate and answers with who came.
let directory: string;
let server: Server;
let address: string;
let rejected: string[];
const file = (name: string): string => join(directory, name);
const base64 = (name: string): string => readFileSync(file(name)).toString('base64');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'belay-cluster-'));
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=test-ca');
  writeFileSync(file('server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:kubernetes');
  for (const name of ['server', 'client']) {
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=belay-${name}`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-out', `${name}.crt`, ...(name === 'server' ? ['-extfile', 'server.ext'] : []));
  }
  const tls = { cert: readFileSync(file('server.crt')), key: readFileSync(file('server.key')), ca: readFileSync(file('ca.crt')), requestCert: true, rejectUnauthorized: false };
  server = createServer(tls, (request, response) => {
    const { socket } = request;
    const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
    const status = rejected.includes(request.headers.authorization ?? '') ? 401 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ authorization: request.headers.authorization, certificate }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  rejected = [];
});

const answerSchema = z.object({ authorization: z.string().optional(), certificate: z.string().optional() });
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

function writeKubeconfig(user: unknown, cluster: Record<string, unknown> = {}, extra: Record<string, unknown> = {}): void {
  const config = {
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }, { name: 'two', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    clusters: [{ name: 'c', cluster: { server: address, 'certificate-authority': 'ca.crt', ...cluster } }],
    users: [{ name: 'u', user }],
    ...extra,
  };
  writeFileSync(file('config'), JSON.stringify(config));
}

async function ask(context?: string, env: Record<string, string> = {}): Promise<z.infer<typeof answerSchema>> {
  const access = await readKubeconfig(file('config'), context, env);
  return await new KubernetesClient(access, access.namespace).get(['version'], answerSchema, signal());
}

/** A credential plugin, as a script that the test writes. */
function writePlugin(script: string): string {
  writeFileSync(file('plugin'), `#!/bin/sh\n${script}\n`);
  chmodSync(file('plugin'), 0o755);
  return './plugin';
}

describe('a kubeconfig', () => {
  it('gives a token, which stands in it or in a file that is read anew', async () => {
    writeKubeconfig({ token: 'written-token' });
    expect(await ask()).toEqual({ authorization: 'Bearer written-token' });
    writeFileSync(file('token'), 'first-token\n');
    writeKubeconfig({ tokenFile: 'token', token: 'written-token' });
    const access = await readKubeconfig(file('config'), undefined, {});
    const client = new KubernetesClient(access, 'default');
    expect(await client.get(['version'], answerSchema, signal())).toEqual({ authorization: 'Bearer first-token' });
    writeFileSync(file('token'), 'second-token\n');
    rejected = ['Bearer first-token'];
    expect(await client.get(['version'], answerSchema, signal())).toEqual({ authorization: 'Bearer second-token' });
  });

  it('gives a client certificate, by file or by content', async () => {
    writeKubeconfig({ 'client-certificate': 'client.crt', 'client-key': 'client.key' });
    expect(await ask()).toEqual({ certificate: 'belay-client' });
    writeKubeconfig({ 'client-certificate-data': base64('client.crt'), 'client-key-data': base64('client.key') }, { 'certificate-authority': undefined, 'certificate-authority-data': base64('ca.crt') });
    expect(await ask()).toEqual({ certificate: 'belay-client' });
  });

  it('says whom to trust', async () => {
    writeKubeconfig({ token: 'the-token' }, { 'certificate-authority': undefined });
    await expect(ask()).rejects.toMatchObject({ code: 'provider-unreachable', message: expect.stringMatching(/certificate/) as string });
    writeKubeconfig({ token: 'the-token' }, { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true });
    expect(await ask()).toEqual({ authorization: 'Bearer the-token' });
    writeKubeconfig({ token: 'the-token' }, { 'tls-server-name': 'another-name' });
    await expect(ask()).rejects.toThrow(/another-name/);
    writeKubeconfig({ token: 'the-token' }, { 'tls-server-name': 'kubernetes' });
    expect(await ask()).toEqual({ authorization: 'Bearer the-token' });
  });

  it('has contexts, each with its namespace', async () => {
    writeKubeconfig({ token: 'the-token' });
    expect([(await readKubeconfig(file('config'), undefined, {})).namespace, (await readKubeconfig(file('config'), 'two', {})).namespace]).toEqual(['default', 'shop']);
    await expect(ask('three')).rejects.toThrow(/it has no context "three"; it has one, two/);
  });

  it.each<[string, unknown, Record<string, unknown>, RegExp]>([
    ['no current context', {}, { 'current-context': undefined }, /it has no current-context/],
    ['an unknown cluster', {}, { clusters: null }, /it has no cluster "c"/],
    ['an unknown user', {}, { users: [] }, /it has no user "u"/],
    ['a password', { username: 'ana', password: 'the-password' }, {}, /user "u" logs in with username, which Belay does not do/],
    ['impersonation', { token: 'the-token', as: 'admin' }, {}, /logs in with as,/],
    ['an old plugin', { exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } }, {}, /user "u": exec\.apiVersion/],
    ['no server', {}, { clusters: [{ name: 'c', cluster: {} }] }, /cluster "c": server/],
    ['a login in the address', {}, { clusters: [{ name: 'c', cluster: { server: 'https://ana:the-password@x' } }] }, /must not hold a login/],
    ['a proxy', {}, { clusters: [{ name: 'c', cluster: { server: 'https://x', 'proxy-url': 'http://p' } }] }, /proxy/],
    ['a missing file', { tokenFile: 'nowhere' }, {}, /nowhere cannot be read: ENOENT/],
  ])('with %s is refused, and shows no secret', async (_what, user, extra, message) => {
    writeKubeconfig(user, {}, extra);
    const error = await ask().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'provider-refused', message: expect.stringMatching(message) as string });
    expect((error as Error).message).not.toMatch(/the-password|the-token/);
  });

  it('that is no YAML, or not there, is refused without its text', async () => {
    writeFileSync(file('config'), 'users: [{token: the-token\n  : :');
    await expect(ask()).rejects.toThrow(/^kubeconfig .*config: it is not YAML$/);
    await expect(readKubeconfig(file('nowhere'), undefined, {})).rejects.toThrow(/nowhere cannot be read: ENOENT/);
  });
});

describe('a credential plugin', () => {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const printing = (status: unknown): string => `cat <<'END'\n${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}\nEND`;

  it('is run with its arguments and environment, and again when what it gave is rejected', async () => {
    const command = writePlugin(`n=$(cat count 2>/dev/null || echo 0); echo $((n + 1)) > count\n[ "$2" = '$(x); y' ] && printf '{"kind":"ExecCredential","status":{"token":"%s-%s-%s-%s"}}' "$1" "$PROFILE" "$REGION" "$n"`);
    writeKubeconfig({ exec: { apiVersion, command, args: ['get-token', '$(x); y'], env: [{ name: 'REGION', value: 'north' }] } });
    rejected = ['Bearer get-token-ops-north-0'];
    expect(await ask(undefined, { PROFILE: 'ops' })).toEqual({ authorization: 'Bearer get-token-ops-north-1' });
  });

  it('may give a certificate, and is told of the cluster where it wants to know', async () => {
    const command = writePlugin(`printf '%s' "$KUBERNETES_EXEC_INFO" > info\n${printing({ clientCertificateData: readFileSync(file('client.crt'), 'utf8'), clientKeyData: readFileSync(file('client.key'), 'utf8') })}`);
    writeKubeconfig({ exec: { apiVersion, command, provideClusterInfo: true, interactiveMode: 'IfAvailable' } });
    expect(await ask()).toEqual({ certificate: 'belay-client' });
    expect(JSON.parse(readFileSync(file('info'), 'utf8'))).toEqual({ kind: 'ExecCredential', apiVersion, spec: { interactive: false, cluster: { server: address, 'certificate-authority-data': base64('ca.crt') } } });
  });

  it.each([
    ['fails', 'echo the-token; echo the-token >&2; exit 3', /plugin exited with 3$/],
    ['prints no JSON', 'echo the-token', /did not print JSON$/],
    ['prints something else', `echo '{"token":"the-token"}'`, /did not print an ExecCredential with a status$/],
    ['gives nothing', printing({}), /neither a token nor a client certificate/],
  ])('that %s is told of, without what it printed', async (_what, script, message) => {
    writeKubeconfig({ exec: { apiVersion, command: writePlugin(script) } });
    const error = await ask().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'command-failed', message: expect.stringMatching(message) as string });
    expect((error as Error).message).not.toContain('the-token');
  });

  it('that wants to ask a person, or that is not there, is told of', async () => {
    writeKubeconfig({ exec: { apiVersion, command: 'x', interactiveMode: 'Always' } });
    await expect(ask()).rejects.toThrow(/wants to ask a person/);
    writeKubeconfig({ exec: { apiVersion, command: 'no-such-program-anywhere' } });
    await expect(ask()).rejects.toMatchObject({ code: 'command-failed' });
  });
});

describe('the service account of a pod', () => {
  it('is who Belay is in a cluster; its token is read anew', async () => {
    const { port } = new URL(address);
    writeFileSync(file('namespace'), 'shop');
    writeFileSync(file('token'), 'pod-token');
    const access = await readServiceAccount({ KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port }, directory);
    expect(access.namespace).toBe('shop');
    const client = new KubernetesClient(access, access.namespace);
    expect(await client.get(['version'], answerSchema, signal())).toEqual({ authorization: 'Bearer pod-token' });
    writeFileSync(file('token'), 'newer-token');
    rejected = ['Bearer pod-token'];
    expect(await client.get(['version'], answerSchema, signal())).toEqual({ authorization: 'Bearer newer-token' });
  });

  it('is missing outside of a cluster, and that is said', async () => {
    await expect(readServiceAccount({}, directory)).rejects.toThrow(/Belay does not run in a cluster/);
    await expect(readServiceAccount({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }, '/nonexistent')).rejects.toThrow(/namespace cannot be read: ENOENT/);
  });
});
