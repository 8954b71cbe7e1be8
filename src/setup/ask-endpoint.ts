import { BelayError } from '../fault/belay-error.js';
import { createHttpClient, type HttpAnswer } from '../source/http-client.js';
import type { Labels } from '../source/sample.js';

const TIMEOUT_MS = 15_000;

/** Asks once. Rejects with BelayError `provider-unreachable` when nothing answers, with what to look at. */
export async function askEndpoint(url: string, headers: Labels, signal: AbortSignal): Promise<HttpAnswer> {
  const client = createHttpClient({ keepAlive: false });
  try {
    const answer = await client.ask({ method: 'GET', url, headers, timeoutMs: TIMEOUT_MS }, signal);
    if (answer.kind === 'fault') throw new BelayError('provider-unreachable', `${answer.message}; is the address right, and can this machine reach it?`, { context: { url } });
    return answer;
  } finally {
    client.close();
  }
}
