import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import type { HttpSettings } from '../config/config.js';
import { BelayError, errorText } from '../fault/belay-error.js';

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Whose signature makes a client's certificate worth something here. */
  readonly ca?: string | undefined;
}

/** What `http.tls` names, read. Rejects with BelayError `config-invalid`. */
export async function readTls(tls: HttpSettings['tls']): Promise<TlsFiles | undefined> {
  if (tls === undefined) return undefined;
  try {
    const [cert, key, ca] = await Promise.all([readFile(tls.cert, 'utf8'), readFile(tls.key, 'utf8'), tls.clientCa === undefined ? undefined : readFile(tls.clientCa, 'utf8')]);
    for (const pem of [cert, ca]) if (pem !== undefined) new X509Certificate(pem);
    createSecureContext({ cert, key, ca });
    return { cert, key, ...(ca === undefined ? {} : { ca }) };
  } catch (cause) {
    throw new BelayError('config-invalid', `http.tls cannot be used: ${errorText(cause)}`, { cause });
  }
}

/** The name in the certificate that a client has proved to have; `undefined` without one that `clientCa` has signed. */
export function certificateName(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  const names: unknown = (subject as { CN?: unknown } | undefined)?.CN;
  const name = Array.isArray(names) ? String(names[0]) : typeof names === 'string' ? names : '';
  return name === '' ? 'a certificate without a name' : name;
}
