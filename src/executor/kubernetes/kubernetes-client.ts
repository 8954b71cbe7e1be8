import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as waitMs } from 'node:timers/promises';
import axios from 'axios';
import { z } from 'zod';
import { BelayError, errorText } from '../../fault/belay-error.js';
import type { ClusterAccess, ClusterCredentials } from './cluster-access.js';
import { kubernetesFault, refusedWith, retryAfterMs } from './kubernetes-fault.js';

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** How often a server that is too busy is asked again within one request. */
const MAX_BUSY_RETRIES = 5;
const PAGE_SIZE = 250;
/** How often a list is begun anew because its continuation has expired. */
const MAX_LIST_RESTARTS = 3;
const MAX_CONFLICTS = 5;

/** How a patch is to be read; `strategic-merge` knows that containers are told apart by name. */
const PATCH_TYPES = { json: 'application/json-patch+json', merge: 'application/merge-patch+json', 'strategic-merge': 'application/strategic-merge-patch+json' } as const;

const listSchema = z.object({ metadata: z.object({ continue: z.string().optional() }).default({}), items: z.array(z.unknown()).nullable() });

interface Request {
  readonly method: 'GET' | 'PATCH';
  /** Segments of the path, encoded here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: unknown;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Speaks with one API server. Errors are `provider-refused` with `status` in their context (409: `conflict`), and `provider-unreachable`. */
export class KubernetesClient {
  readonly namespace: string;
  readonly #access: ClusterAccess;
  #credentials: ClusterCredentials | undefined;

  constructor(access: ClusterAccess, namespace: string) {
    this.#access = access;
    this.namespace = namespace;
  }

  async get<S extends z.ZodType>(path: readonly string[], schema: S, signal: AbortSignal): Promise<z.output<S>> {
    return await this.#read({ method: 'GET', path }, schema, signal);
  }

  async patch<S extends z.ZodType>(path: readonly string[], type: keyof typeof PATCH_TYPES, body: unknown, schema: S, signal: AbortSignal): Promise<z.output<S>> {
    return await this.#read({ method: 'PATCH', path, contentType: PATCH_TYPES[type], body }, schema, signal);
  }

  /** All objects of a kind that a label selector chooses, page by page. */
  async list<S extends z.ZodType>(path: readonly string[], labelSelector: string, schema: S, signal: AbortSignal): Promise<z.output<S>[]> {
    for (let restarts = 0; ; restarts += 1) {
      try {
        return await this.#allPages(path, labelSelector, schema, signal);
      } catch (error) {
        // 410: the list is so long that its snapshot has expired meanwhile. Half of two lists would be neither.
        if (!refusedWith(error, 410) || restarts >= MAX_LIST_RESTARTS) throw error;
      }
    }
  }

  async #allPages<S extends z.ZodType>(path: readonly string[], labelSelector: string, schema: S, signal: AbortSignal): Promise<z.output<S>[]> {
    const items: z.output<S>[] = [];
    let next: string | undefined;
    do {
      const query = { labelSelector, limit: String(PAGE_SIZE), ...(next === undefined ? {} : { continue: next }) };
      const page = await this.#read({ method: 'GET', path, query }, listSchema, signal);
      items.push(...(page.items ?? []).map((item) => read(item, schema, path)));
      next = page.metadata.continue === '' ? undefined : page.metadata.continue;
    } while (next !== undefined);
    return items;
  }

  async #read<S extends z.ZodType>(request: Request, schema: S, signal: AbortSignal): Promise<z.output<S>> {
    const answer = await this.#answered(request, signal);
    let json: unknown;
    try {
      json = JSON.parse(answer.text);
    } catch {
      throw new BelayError('provider-refused', `kubernetes: ${request.method} ${this.#shown(request)} did not answer with JSON`, { context: { status: answer.status } });
    }
    return read(json, schema, request.path);
  }

  /** The first answer that is well. A busy server is asked again when it says when, and a rejected credential is read anew once. */
  async #answered(request: Request, signal: AbortSignal): Promise<Answer> {
    let hasLoggedInAnew = false;
    for (let retries = 0; ; ) {
      const answer = await this.#send(request, signal);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const pauseMs = retryAfterMs(answer.status, answer.headers['retry-after']);
      if (answer.status === 401 && !hasLoggedInAnew) {
        hasLoggedInAnew = true;
        this.#credentials = undefined;
      } else if (pauseMs !== undefined && retries < MAX_BUSY_RETRIES) {
        retries += 1;
        await waitMs(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      } else {
        throw kubernetesFault(`${request.method} ${this.#shown(request)}`, answer);
      }
    }
  }

  async #send(request: Request, signal: AbortSignal): Promise<Answer> {
    const { token, clientCertificate } = (this.#credentials ??= await this.#access.credentials(signal));
    const { ca, serverName, isUnchecked } = this.#access.tls;
    const httpsAgent = new HttpsAgent({
      rejectUnauthorized: !isUnchecked,
      ...(ca === undefined ? {} : { ca }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate.certificate, key: clientCertificate.key }),
    });
    try {
      const { status, headers, data } = await axios.request<string>({
        method: request.method,
        url: `${this.#access.server}${pathText(request.path)}`,
        params: request.query,
        headers: {
          accept: 'application/json',
          'user-agent': 'belay',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
        },
        data: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal,
        httpAgent: new HttpAgent(),
        httpsAgent,
        proxy: false,
        maxRedirects: 0,
        maxContentLength: MAX_ANSWER_BYTES,
        responseType: 'text',
        transformRequest: (data: unknown) => data,
        transformResponse: (data: unknown) => data,
        validateStatus: () => true,
      });
      return { status, headers, text: data };
    } catch (error) {
      signal.throwIfAborted();
      // The cause is left out: axios errors carry the request with its token.
      throw new BelayError('provider-unreachable', `kubernetes: ${this.#access.server}: ${errorText(error) || 'no answer'}`);
    }
  }

  #shown({ path }: Request): string {
    return `${this.#access.server}${pathText(path)}`;
  }
}

/**
 * Reads, and changes what was read, and does both again when somebody else has changed it in between (409), a few times
 * at most: whatever `change` decides, it decides about the present state.
 */
export async function withoutConflict<T>(change: () => Promise<T>): Promise<T> {
  for (let conflicts = 1; ; conflicts += 1) {
    try {
      return await change();
    } catch (error) {
      if (!refusedWith(error, 409) || conflicts >= MAX_CONFLICTS) throw error;
    }
  }
}

function pathText(path: readonly string[]): string {
  return path.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}

function read<S extends z.ZodType>(json: unknown, schema: S, path: readonly string[]): z.output<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new BelayError('provider-refused', `kubernetes: what ${pathText(path)} answers is not as expected: ${problems}`);
}
