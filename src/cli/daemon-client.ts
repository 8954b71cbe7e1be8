import { X509Certificate } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Agent } from 'node:https';
import { checkServerIdentity, rootCertificates } from 'node:tls';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { BelayError, errorText } from '../fault/belay-error.js';
import type { ErrorCode } from '../fault/error-codes.js';
import { errorCodes } from '../fault/error-codes.js';

export interface DaemonAddress {
  /** `http://127.0.0.1:9797`. */
  readonly url: string;
  readonly token?: string | undefined;
  /** The daemon's own certificate (PEM), which is believed whatever name and signature it has. */
  readonly certificate?: string | undefined;
}

const TIMEOUT_MS = 30_000;

/** The command line's way to a running daemon. Its errors are the daemon's own, or `daemon-unreachable`. */
export class DaemonClient {
  readonly #http: AxiosInstance;
  readonly #url: string;

  constructor({ url, token, certificate }: DaemonAddress) {
    this.#url = url;
    this.#http = axios.create({
      baseURL: url,
      timeout: TIMEOUT_MS,
      // Answers are booked with the way on which they came.
      headers: { 'user-agent': 'belay-cli', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      validateStatus: () => true,
      // A proxy for the outside world has no business between the command line and the daemon.
      proxy: false,
      ...(certificate === undefined ? {} : { httpsAgent: agentFor(certificate) }),
    });
  }

  get<T>(path: string, params: Readonly<Record<string, string | number | undefined>> = {}): Promise<T> {
    return this.#ask<T>(() => this.#http.get(path, { params }));
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#ask<T>(() => this.#http.post(path, body));
  }

  delete<T>(path: string, params: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
    return this.#ask<T>(() => this.#http.delete(path, { params }));
  }

  /** The text of an answer that goes on until `signal` aborts or the daemon ends it, as it comes. */
  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const answer = await this.#sent(() => this.#http.get<Readable>(path, { responseType: 'stream', signal, timeout: 0 }));
    const body = answer.data.setEncoding('utf8');
    if (answer.status < 300) return body as AsyncIterable<string>;
    let text = '';
    for await (const chunk of body as AsyncIterable<string>) text += chunk;
    return this.#refused(answer.status, jsonOf(text));
  }

  async #ask<T>(send: () => Promise<AxiosResponse<unknown>>): Promise<T> {
    const { status, data } = await this.#sent(send);
    return status < 300 ? (data as T) : this.#refused(status, data);
  }

  async #sent<T>(send: () => Promise<AxiosResponse<T>>): Promise<AxiosResponse<T>> {
    try {
      return await send();
    } catch (cause) {
      throw new BelayError('daemon-unreachable', `no Belay daemon answers at ${this.#url} (${errorText(cause)}); is \`belay run\` running, and is it the right --config or BELAY_URL?`, { cause });
    }
  }

  #refused(status: number, body: unknown): never {
    const { code, message, context } = errorIn(body);
    throw new BelayError(code, message ?? `the daemon answered ${status}`, { context: { ...context, status } });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // What is no JSON is told by its status alone.
  }
}

/** Whose certificate is on this machine needs no name: the file says who it is. */
function agentFor(certificate: string): Agent {
  const own = new X509Certificate(certificate);
  return new Agent({
    ca: [...rootCertificates, certificate],
    // The certificate itself is believed, whoever has signed it.
    allowPartialTrustChain: true,
    checkServerIdentity: (host, presented) => (presented.raw.equals(own.raw) ? undefined : checkServerIdentity(host, presented)),
  });
}

function errorIn(body: unknown): { readonly code: ErrorCode; readonly message?: string | undefined; readonly context?: Record<string, unknown> | undefined } {
  const error = (body as { error?: { code?: unknown; message?: unknown; context?: unknown } } | undefined)?.error;
  const code = errorCodes.find((known) => known === error?.code) ?? 'conflict';
  return {
    code,
    message: typeof error?.message === 'string' ? error.message : undefined,
    context: typeof error?.context === 'object' && error.context !== null ? (error.context as Record<string, unknown>) : undefined,
  };
}
