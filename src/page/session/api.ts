import { storedToken } from './session.js';

/** An answer of 400 and above, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface Wish {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly accept?: string;
}

/** Asks the daemon that this page came from, as who is signed in. Rejects with `ApiError`. */
export async function ask(path: string, { method = 'GET', body, signal, accept = 'application/json' }: Wish = {}): Promise<Response> {
  const token = storedToken();
  const answer = await fetch(path, {
    method,
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
    signal: signal ?? null,
    headers: { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new ApiError(0, 'daemon-unreachable', 'Belay does not answer.');
  });
  if (!answer.ok) throw await errorOf(answer);
  return answer;
}

export async function askJson<T>(path: string, wish?: Wish): Promise<T> {
  const answer = await ask(path, wish);
  return (await answer.json()) as T;
}

async function errorOf(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '');
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new ApiError(answer.status, error.code, error.message);
  } catch (cause) {
    // A proxy in between answers in its own words.
    return new ApiError(answer.status, 'internal', `The answer was ${answer.status} ${answer.statusText}${cause instanceof SyntaxError ? '' : '.'}`);
  }
}
