import axios from 'axios';
import type { Agent } from 'node:https';
import { BelayError, errorText } from '../../fault/belay-error.js';

const MAX_ANSWER_BYTES = 1024 * 1024;

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** For certificates that the machine itself does not trust, or that the server wants to see. */
  readonly agent?: Agent | undefined;
  /** A longer answer counts as none; 1 MiB unless told. */
  readonly maxAnswerBytes?: number | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends one request and resolves to whatever is answered. Redirects are not followed. Throws `provider-unreachable` when
 * there is no answer, and the signal's reason when it aborts.
 */
export async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  signal.throwIfAborted();
  try {
    const answer = await axios.request<string>({
      method: request.method,
      url: request.url,
      headers: { ...request.headers },
      data: request.body,
      signal,
      responseType: 'text',
      transformRequest: (data: unknown) => data,
      transformResponse: (data: unknown) => data,
      validateStatus: () => true,
      maxRedirects: 0,
      maxContentLength: request.maxAnswerBytes ?? MAX_ANSWER_BYTES,
      ...(request.agent === undefined ? {} : { httpsAgent: request.agent }),
    });
    return { status: answer.status, text: answer.data, headers: Object.fromEntries(Object.entries(answer.headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) };
  } catch (error) {
    signal.throwIfAborted();
    // The cause is left out: axios errors carry the request with its tokens.
    throw new BelayError('provider-unreachable', `${request.method} ${withoutCredentials(request.url)}: ${errorText(error) || 'no answer'}`, { context: { reason: codeOf(error) } });
  }
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** For messages: a URL without user, password and query, where tokens may be. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1').replace(/[?#].*$/, '');
}
