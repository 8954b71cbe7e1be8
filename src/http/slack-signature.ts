import { createHmac, timingSafeEqual } from 'node:crypto';

const OLDEST_MS = 300_000;

export interface SignedRequest {
  /** Of the header X-Slack-Request-Timestamp: seconds since the epoch. */
  readonly timestamp: string | undefined;
  /** Of the header X-Slack-Signature: `v0=` and a hexadecimal HMAC-SHA256. */
  readonly signature: string | undefined;
  /** Byte for byte as it came. */
  readonly body: Buffer;
}

/** Why a request cannot be taken for Slack's, in words; `undefined` when its signature is right and fresh. */
export function signatureProblem({ timestamp, signature, body }: SignedRequest, secret: string, now: number): string | undefined {
  if (timestamp === undefined || signature === undefined) return 'the headers X-Slack-Request-Timestamp and X-Slack-Signature are missing';
  if (!/^\d{1,12}$/.test(timestamp)) return 'X-Slack-Request-Timestamp is no time in seconds';
  if (Math.abs(now - Number(timestamp) * 1_000) > OLDEST_MS) return 'X-Slack-Request-Timestamp is more than five minutes away from now';
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest();
  const given = /^v0=([0-9a-f]{64})$/.exec(signature)?.[1];
  if (given === undefined || !timingSafeEqual(expected, Buffer.from(given, 'hex'))) return 'X-Slack-Signature does not fit the body';
  return undefined;
}

/** Remembers the signatures of requests as long as they could be sent once more. */
export class SeenRequests {
  readonly #seenAt = new Map<string, number>();

  /** True the first time. */
  isNew(signature: string, now: number): boolean {
    for (const [old, at] of this.#seenAt) {
      if (now - at <= 2 * OLDEST_MS) break;
      this.#seenAt.delete(old);
    }
    if (this.#seenAt.has(signature)) return false;
    this.#seenAt.set(signature, now);
    return true;
  }
}
