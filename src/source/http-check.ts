import type { HttpExpectation } from './check.js';
import type { HttpClient, HttpRequest } from './http-client.js';
import { unmetExpectation } from './http-expectation.js';
import { placeOf } from './request-fault.js';

/** `failed` is known bad: a wrong answer, or none from the other side. `error` is a fault on our own side, which says nothing about it. */
export interface HttpCheckResult {
  readonly status: 'ok' | 'failed' | 'error';
  readonly detail: string;
}

/** Asks once and holds the answer against what is expected. Rejects only when `signal` aborts. */
export async function checkHttp(client: HttpClient, request: HttpRequest, expect: HttpExpectation, signal: AbortSignal): Promise<HttpCheckResult> {
  const answer = await client.ask(request, signal);
  if (answer.kind === 'fault') return { status: answer.reason === 'our-side' ? 'error' : 'failed', detail: answer.message };
  const unmet = unmetExpectation(expect, answer);
  const place = placeOf(request.url);
  return unmet === undefined ? { status: 'ok', detail: `${place} answered HTTP ${answer.status} as expected` } : { status: 'failed', detail: `${place} ${unmet}` };
}
