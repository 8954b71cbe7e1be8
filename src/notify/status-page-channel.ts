import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { z } from 'zod';
import { errorText } from '../fault/belay-error.js';
import type { Clock } from '../time/clock.js';
import { SLOWEST_RETRY_MS, type Channel, type Delivery, type SendResult } from './channel.js';
import type { Message } from './message.js';
import type { StatusPageSettings } from './notify-settings.js';
import { parseRetryAfter } from './retry-delay.js';

const TIMEOUT_MS = 10_000;
const LARGEST_ANSWER_BYTES = 1024 * 1024;
const LONGEST_NAME = 200;

const created = z.object({ id: z.string().min(1) });
const unresolved = z.array(z.object({ id: z.string(), metadata: z.object({ belay: z.object({ incident: z.string() }) }).optional().catch(undefined) }));

/**
 * One incident of a page at Statuspage for each incident of Belay, opened by the first message, updated by the others and
 * resolved by the end. The thread reference holds its `id`. A message whose answer was lost is recognised by the
 * incident's metadata and not published anew.
 */
export class StatusPageChannel implements Channel {
  readonly name = 'customers-status-page';
  readonly #page: string;
  readonly #http: AxiosInstance;
  readonly #clock: Clock;

  constructor({ url, page, token }: StatusPageSettings, clock: Clock) {
    this.#page = encodeURIComponent(page);
    this.#clock = clock;
    this.#http = axios.create({ baseURL: url.replace(/\/$/, ''), headers: { authorization: `OAuth ${token}` }, maxRedirects: 0, maxContentLength: LARGEST_ANSWER_BYTES, validateStatus: () => true });
  }

  async send({ item: { message, attempts }, thread }: Delivery): Promise<SendResult> {
    try {
      const id = thread?.['id'] ?? (attempts > 0 && message.incidentId !== undefined ? await this.#known(message.incidentId) : undefined);
      const answer = id === undefined ? await this.#ask('POST', 'incidents', bodyOf(message, true)) : await this.#ask('PATCH', `incidents/${encodeURIComponent(id)}`, bodyOf(message, false));
      const { status, headers, data } = answer;
      if (status >= 200 && status < 300) return { kind: 'sent', thread: { id: id ?? created.parse(data).id } };
      const error = `the status page answered HTTP ${status}`;
      // Somebody has taken its incident away: a new one is opened.
      if (status === 404 && thread?.['id'] !== undefined) return { kind: 'retry', error, thread: {} };
      if (status === 400 || status === 422) return { kind: 'undeliverable', error };
      const header: unknown = headers['retry-after'];
      const afterMs = typeof header === 'string' ? parseRetryAfter(header, this.#clock.now()) : undefined;
      return { kind: 'retry', error, afterMs: afterMs ?? (status >= 500 || status === 420 || status === 429 ? undefined : SLOWEST_RETRY_MS) };
    } catch (error) {
      return { kind: 'retry', error: axios.isCancel(error) ? `no answer within ${TIMEOUT_MS / 1_000} s` : errorText(error) };
    }
  }

  close(): void {
    // Requests end by their deadline and nothing else is held.
  }

  async #known(incidentId: string): Promise<string | undefined> {
    const { data } = await this.#ask('GET', 'incidents/unresolved');
    return unresolved.parse(data).find(({ metadata }) => metadata?.belay.incident === incidentId)?.id;
  }

  #ask(method: 'GET' | 'POST' | 'PATCH', path: string, data?: unknown): Promise<AxiosResponse<unknown>> {
    return this.#http.request({ method, url: `/pages/${this.#page}/${path}`, data, timeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) });
  }
}

function bodyOf({ title, text, tone, incidentId }: Message, isNew: boolean): { readonly incident: Readonly<Record<string, unknown>> } {
  const incident = { name: title.slice(0, LONGEST_NAME), status: tone === 'good' ? 'resolved' : 'identified', body: text === '' ? title : text };
  return { incident: isNew ? { ...incident, metadata: { belay: { incident: incidentId } } } : incident };
}
