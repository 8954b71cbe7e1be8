import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';

const LONGEST_PAUSE_MS = 30_000;
const SHOWN_CHARACTERS = 500;

/** What the API server answers instead of an object (`kind: Status`, v1). */
const statusSchema = z.object({ kind: z.literal('Status'), message: z.string().optional(), reason: z.string().optional() });

const ADVICE: Readonly<Record<number, string>> = {
  401: 'the credentials are not accepted; renew the token or the client certificate',
  403: 'the credentials may not do this; docs/providers.md has the Role that is needed',
  404: 'there is no such object; check the name and the namespace',
  409: 'somebody else changes it at the same time',
};

/** What an answer that is no success means, with the server's own words. */
export function kubernetesFault(what: string, { status, text }: { readonly status: number; readonly text: string }): BelayError {
  const said = wordsOf(text);
  const parts = [`kubernetes: ${what} answered ${status}`, said, ADVICE[status]].filter((part) => part !== undefined && part !== '');
  return new BelayError(status === 409 ? 'conflict' : 'provider-refused', parts.join(': '), { context: { status } });
}

export function refusedWith(error: unknown, status: number): boolean {
  return error instanceof BelayError && error.context['status'] === status;
}

/** How long to wait before a busy server (429, 503) is asked again; `undefined` where it does not say, or where that is too long to wait for. */
export function retryAfterMs(status: number, header: unknown): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const seconds = typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : status === 429 ? 1 : undefined;
  return seconds === undefined || seconds * 1_000 > LONGEST_PAUSE_MS ? undefined : seconds * 1_000;
}

function wordsOf(text: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return text.trim().slice(0, SHOWN_CHARACTERS);
  }
  const status = statusSchema.safeParse(json);
  return (status.success ? (status.data.message ?? status.data.reason ?? '') : '').slice(0, SHOWN_CHARACTERS);
}
