import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { isAxiosError } from 'axios';
import { DeadlineError, withDeadline } from './deadline.js';
import { requestFault, type RequestFault } from './request-fault.js';
import type { Labels } from './sample.js';

/** No answer of a metrics endpoint or of Prometheus is read beyond this size, unpacked. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Fewer than the queries that a Prometheus runs at once by default (20). */
const MAX_KEPT_CONNECTIONS = 16;
/**
 * How long one of several addresses of a name may take to connect before the next is tried as well. Node gives up on it
 * after 250 ms, so that a service far away, with an address that has no route, would look dead.
 */
const ADDRESS_ATTEMPT_MS = 1_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'HEAD' | 'DELETE';
  readonly url: string;
  readonly headers: Labels;
  readonly body?: string | undefined;
  /** The deadline over everything: name, connection, headers and the last byte of the body. */
  readonly timeoutMs: number;
}

/** Any complete answer, whatever its status. Header names are in lower case. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Labels;
  readonly body: string;
  readonly latencyMs: number;
}

export interface HttpClient {
  /** Rejects only when `signal` aborts. Redirects are not followed: they are the answer. */
  ask(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer | RequestFault>;
  close(): void;
}

/** With `keepAlive` connections are kept and shared; without, each request proves that a connection can be made. */
export function createHttpClient({ keepAlive }: { readonly keepAlive: boolean }): HttpClient {
  const agentOptions = { keepAlive, autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS, ...(keepAlive ? { maxSockets: MAX_KEPT_CONNECTIONS } : {}) };
  const httpAgent = new HttpAgent(agentOptions);
  const httpsAgent = new HttpsAgent(agentOptions);
  const http = axios.create({
    httpAgent,
    httpsAgent,
    proxy: false,
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    responseType: 'text',
    transformRequest: (body: unknown) => body,
    transformResponse: (body: unknown) => body,
    validateStatus: () => true,
  });

  async function send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { method, url, headers, body } = request;
    const startedMs = performance.now();
    const answer = await http.request<string>({ method, url, headers: { 'user-agent': 'belay', ...headers }, data: body, signal });
    return {
      kind: 'answer',
      status: answer.status,
      headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), String(value)])),
      body: answer.data,
      latencyMs: performance.now() - startedMs,
    };
  }

  return {
    async ask(request, signal) {
      try {
        return await withDeadline(request.timeoutMs, signal, async (deadline) => {
          try {
            return await send(request, deadline);
          } catch (error) {
            // The server may close a kept connection at the very moment it is used again: that says nothing about it.
            if (!deadline.aborted && failedOnKeptConnection(error)) return send(request, deadline);
            throw error;
          }
        });
      } catch (error) {
        if (!(error instanceof DeadlineError)) signal.throwIfAborted();
        return requestFault(request.url, error);
      }
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

function failedOnKeptConnection(error: unknown): boolean {
  if (!isAxiosError(error) || (error.code !== 'ECONNRESET' && error.code !== 'EPIPE')) return false;
  const request: unknown = error.request;
  return typeof request === 'object' && request !== null && 'reusedSocket' in request && request.reusedSocket === true;
}
