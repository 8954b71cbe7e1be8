import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { Clock } from '../../time/clock.js';
import { exchange, withoutCredentials, type HttpAnswer } from '../calls/exchange.js';

/** The version of the REST API whose answers are read here. */
const API_VERSION = '2022-11-28';
const SAID_CHARACTERS = 300;
const MAX_PAUSE_MS = 60_000;
/** Without word of when to come again, GitHub asks to wait at least a minute after a secondary rate limit. */
const SECONDARY_PAUSE_MS = 60_000;
const MAX_ATTEMPTS = 5;

interface GitHubRequest {
  readonly method: 'GET' | 'POST';
  /** Segments of the path, encoded here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * GitHub's REST API. A rate limit is waited for as GitHub says, at most a minute at a time; what only reads is asked again
 * when GitHub fails. Throws `provider-refused` with `status` in its context (409: `conflict`), and `provider-unreachable`.
 */
export class GitHubApi {
  readonly #url: string;
  readonly #token: string;
  readonly #clock: Clock;

  constructor({ apiUrl, token }: { readonly apiUrl: string; readonly token: string }, clock: Clock) {
    this.#url = apiUrl.replace(/\/+$/, '');
    this.#token = token;
    this.#clock = clock;
  }

  /** `undefined` where nothing is answered (204). */
  async ask<S extends z.ZodType>(request: GitHubRequest, schema: S, signal: AbortSignal): Promise<z.output<S>> {
    const { text } = await this.#answer(request, signal);
    const read = schema.safeParse(text === '' ? undefined : parsed(text));
    if (read.success) return read.data;
    throw new BelayError('provider-refused', `GitHub: ${this.#shown(request)} did not answer as its API version ${API_VERSION} does: ${z.prettifyError(read.error).slice(0, SAID_CHARACTERS)}`);
  }

  async #answer(request: GitHubRequest, signal: AbortSignal): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#send(request, signal);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const pauseMs = pauseAskedFor(answer) ?? (answer.status >= 500 && request.method === 'GET' ? 1_000 : undefined);
      if (pauseMs === undefined || pauseMs > MAX_PAUSE_MS || attempt >= MAX_ATTEMPTS) throw this.#refusal(request, answer, pauseMs);
      await this.#clock.sleepUntil(this.#clock.now() + pauseMs, signal);
    }
  }

  async #send({ method, path, query, body }: GitHubRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    return await exchange(
      {
        method,
        url: `${this.#url}/${path.map(encodeURIComponent).join('/')}${search}`,
        headers: {
          accept: 'application/vnd.github+json',
          'x-github-api-version': API_VERSION,
          'user-agent': 'belay',
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      },
      signal,
    );
  }

  #refusal(request: GitHubRequest, { status, text }: HttpAnswer, pauseMs: number | undefined): BelayError {
    const said = z.object({ message: z.string() }).safeParse(parsed(text));
    const words = (said.success ? said.data.message : '').replaceAll(this.#token, '[redacted]').slice(0, SAID_CHARACTERS);
    const advice = pauseMs !== undefined && status < 500 ? `its rate limit asks for a pause of ${Math.ceil(pauseMs / 1_000)} s` : ADVICE[status];
    const parts = [`GitHub: ${this.#shown(request)} answered ${status}`, words, advice].filter((part) => part !== undefined && part !== '');
    return new BelayError(status === 409 ? 'conflict' : 'provider-refused', parts.join(': '), { context: { status } });
  }

  #shown({ method, path }: GitHubRequest): string {
    return `${method} ${withoutCredentials(this.#url)}/${path.join('/')}`;
  }
}

const ADVICE: Readonly<Record<number, string>> = {
  401: 'the token is not accepted; renew it',
  403: 'the token may not do this; docs/providers.md has the permissions that are needed',
  404: 'there is no such repository or workflow, or the token may not see it',
  422: 'the workflow does not take this ref or these inputs, or has no workflow_dispatch trigger',
};

/** How long a rate limit asks to wait: 429, or 403 with word of it. */
function pauseAskedFor({ status, headers, text }: HttpAnswer): number | undefined {
  if (status !== 429 && status !== 403) return undefined;
  const seconds = headers['retry-after'];
  if (seconds !== undefined && /^\d+$/.test(seconds)) return Number(seconds) * 1_000;
  const answeredAt = Date.parse(headers['date'] ?? '');
  const resetAt = Number(headers['x-ratelimit-reset']) * 1_000;
  if (headers['x-ratelimit-remaining'] === '0' && Number.isFinite(resetAt - answeredAt)) return Math.max(resetAt - answeredAt, 1_000);
  return status === 429 || /secondary rate limit/i.test(text) ? SECONDARY_PAUSE_MS : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // No JSON text parses to undefined.
  }
}
