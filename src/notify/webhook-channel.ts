import axios, { type AxiosInstance } from 'axios';
import { errorText } from '../fault/belay-error.js';
import type { Clock } from '../time/clock.js';
import { SLOWEST_RETRY_MS, type Channel, type Delivery, type SendResult } from './channel.js';
import type { ChannelName, OutboxItem } from './message.js';
import type { WebhookSettings } from './notify-settings.js';
import { parseRetryAfter } from './retry-delay.js';

const TIMEOUT_MS = 10_000;
const LARGEST_ANSWER_BYTES = 64 * 1024;

/** Statuses that are about this one body; the same body will never do. */
const refusesBody = new Set([400, 406, 413, 415, 422]);
const passesByItself = new Set([408, 425, 429]);

/** POSTs `{ id, createdAt, recipients, …message }` as JSON. `id` is the same on every attempt, so receivers can tell repeats. */
export class WebhookChannel implements Channel {
  readonly name: ChannelName;
  readonly #settings: WebhookSettings;
  readonly #http: AxiosInstance;
  readonly #clock: Clock;

  constructor(name: ChannelName, settings: WebhookSettings, clock: Clock) {
    this.name = name;
    this.#settings = settings;
    this.#clock = clock;
    // A redirect would carry the headers, and the secrets in them, elsewhere.
    this.#http = axios.create({ maxRedirects: 0, maxContentLength: LARGEST_ANSWER_BYTES, responseType: 'text', validateStatus: () => true });
  }

  async send({ item }: Delivery): Promise<SendResult> {
    try {
      const { status, headers } = await this.#http.post(
        this.#settings.url,
        webhookBody(item),
        // Axios' own timeout does not cover connecting.
        { headers: { ...this.#settings.headers }, timeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) },
      );
      if (status >= 200 && status < 300) return { kind: 'sent' };
      const error = `the webhook answered HTTP ${status}`;
      if (refusesBody.has(status)) return { kind: 'undeliverable', error };
      const header: unknown = headers['retry-after'];
      const afterMs = typeof header === 'string' ? parseRetryAfter(header, this.#clock.now()) : undefined;
      if (status >= 500 || passesByItself.has(status)) return { kind: 'retry', error, afterMs, busy: status === 429 };
      // A wrong path, a redirect, a revoked token: a person can mend it, and then the message still matters.
      return { kind: 'retry', error, afterMs: afterMs ?? SLOWEST_RETRY_MS };
    } catch (error) {
      return { kind: 'retry', error: axios.isCancel(error) ? `no answer within ${TIMEOUT_MS / 1000} s` : errorText(error) };
    }
  }

  close(): void {
    // Requests end by their deadline and nothing else is held.
  }
}

/** What is sent, as plain data. */
export function webhookBody({ id, createdAt, recipients, message }: OutboxItem): Readonly<Record<string, unknown>> {
  return { id, createdAt: new Date(createdAt).toISOString(), recipients, ...message };
}
