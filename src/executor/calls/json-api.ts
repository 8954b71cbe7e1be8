import type { Agent } from 'node:https';
import { setTimeout as waitMs } from 'node:timers/promises';
import { BelayError } from '../../fault/belay-error.js';
import { exchange, type HttpAnswer, withoutCredentials } from './exchange.js';

const SAID_CHARACTERS = 300;
const DEFAULT_WAIT_MS = 1_000;
const BUSY: ReadonlySet<number> = new Set([420, 429]);

export interface JsonApiSetting {
  /** For people, at the beginning of every message: `Unleash`. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Parts of the headers that no message may hold. */
  readonly secrets: readonly string[];
  readonly agent?: Agent | undefined;
  readonly maxAnswerBytes?: number | undefined;
}

export interface JsonQuestion {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface JsonAnswer {
  readonly status: number;
  /** `undefined` where the answer is no JSON. */
  readonly body: unknown;
  /** What the answer says about itself, in a few words. */
  readonly said: string;
}

/** The API of one system, which is asked and answers in JSON. */
export class JsonApi {
  readonly #setting: JsonApiSetting;

  constructor(setting: JsonApiSetting) {
    this.#setting = setting;
  }

  /** Any status is an answer, except for 429 (and 420, as some still say): then it waits for as long as it is told, and asks again, until the signal aborts. */
  async ask(question: JsonQuestion, signal: AbortSignal): Promise<JsonAnswer> {
    const { headers, agent, maxAnswerBytes } = this.#setting;
    const body = question.body === undefined ? undefined : JSON.stringify(question.body);
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    for (;;) {
      const answer = await exchange({ method: question.method, url: question.url, headers: { accept: 'application/json', ...type, ...headers, ...question.headers }, body, agent, maxAnswerBytes }, signal);
      if (!BUSY.has(answer.status)) return { status: answer.status, body: parsed(answer.text), said: this.#said(answer.text) };
      await waitMs(waitAskedFor(answer), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** The body of a 2xx answer. Throws `provider-refused` otherwise, or `conflict` for 409. */
  async tell(question: JsonQuestion, signal: AbortSignal): Promise<unknown> {
    const answer = await this.ask(question, signal);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw this.refusal(question, answer);
  }

  refusal({ method, url }: JsonQuestion, { status, said }: JsonAnswer): BelayError {
    const meaning = status === 401 ? ', the token is not accepted' : status === 403 ? ', the token may not do this' : '';
    const text = `${this.#setting.name}: ${method} ${withoutCredentials(url)} answered ${status}${meaning}${said === '' ? '' : `: ${said}`}`;
    return new BelayError(status === 409 ? 'conflict' : 'provider-refused', text, { context: { status } });
  }

  #said(text: string): string {
    const body = parsed(text);
    const words = typeof body === 'object' && body !== null ? ['message', 'error'].map((key) => (body as Record<string, unknown>)[key]).find((value) => typeof value === 'string') : undefined;
    const said = (typeof words === 'string' ? words : text).trim().slice(0, SAID_CHARACTERS);
    return this.#setting.secrets.filter((secret) => secret !== '').reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), said);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `Retry-After` in seconds, or as an instant, which is held against the instant at which the answer was made. */
function waitAskedFor({ headers }: HttpAnswer): number {
  const asked = headers['retry-after'] ?? '';
  if (/^\d+(\.\d+)?$/.test(asked)) return Number(asked) * 1_000;
  const fromNowMs = Date.parse(asked) - Date.parse(headers['date'] ?? '');
  return Number.isFinite(fromNowMs) ? Math.max(fromNowMs, 0) : DEFAULT_WAIT_MS;
}
