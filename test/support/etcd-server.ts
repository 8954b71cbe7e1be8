import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { freePort } from './free-port.js';

const READY_WITHIN_MS = 30_000;

export interface EtcdServer {
  readonly url: string;
  /** Asks the JSON gateway and throws unless it answers 200. Keys and values in it are base64. */
  ask(path: string, body: unknown): Promise<Record<string, unknown>>;
  put(key: string, value: string): Promise<number>;
  delete(key: string): Promise<void>;
  /** `undefined` where there is none. */
  get(key: string): Promise<string | undefined>;
  stop(): Promise<void>;
}

export interface EtcdCertificate {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Starts a real etcd on free ports with its data in a folder of its own. With a certificate it wants one of its clients too. */
export async function startEtcd(certificate?: EtcdCertificate): Promise<EtcdServer> {
  const directory = await mkdtemp(join(tmpdir(), 'belay-etcd-'));
  const scheme = certificate === undefined ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${String(await freePort())}`;
  const peerUrl = `http://127.0.0.1:${String(await freePort())}`;
  const tls = certificate === undefined ? [] : ['--cert-file', certificate.cert, '--key-file', certificate.key, '--trusted-ca-file', certificate.ca, '--client-cert-auth'];
  const args = ['--data-dir', join(directory, 'data'), '--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`, '--unsafe-no-fsync', ...tls];
  let log = '';
  const child = spawn('etcd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const startedMs = performance.now();
  while (!log.includes('ready to serve client requests') && !log.includes('serving insecure client requests') && !log.includes('serving client requests')) {
    await waitMs(50);
    if (failure !== undefined) throw new Error('etcd is missing: apt-get install etcd-server', { cause: failure });
    if (child.exitCode !== null || performance.now() - startedMs > READY_WITHIN_MS) throw new Error(`etcd did not start: ${log}`);
  }

  async function ask(path: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${String(answer.status)}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  return {
    url,
    ask,
    async put(key, value) {
      const { header } = await ask('/v3/kv/put', { key: encoded(key), value: encoded(value) });
      return Number((header as { revision: string }).revision);
    },
    async delete(key) {
      await ask('/v3/kv/deleterange', { key: encoded(key) });
    },
    async get(key) {
      const { kvs } = (await ask('/v3/kv/range', { key: encoded(key) })) as { kvs?: { value?: string }[] };
      const [found] = kvs ?? [];
      return found === undefined ? undefined : Buffer.from(found.value ?? '', 'base64').toString();
    },
    async stop() {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
