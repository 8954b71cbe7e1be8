import { z } from 'zod';
import { matcherText, type AlertMatcher } from './alert-match.js';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.js';
import { placeOf, type RequestFault } from './request-fault.js';
import type { Labels } from './sample.js';
import type { AlertmanagerSettings } from './source-settings.js';

const alertsSchema = z.array(z.object({ labels: z.record(z.string(), z.string()), status: z.object({ state: z.string() }) }));
const silencesSchema = z.array(z.object({ id: z.string(), comment: z.string(), status: z.object({ state: z.string() }) }));
const silenceSchema = z.object({ silenceID: z.string().min(1) });
const statusSchema = z.object({ uptime: z.iso.datetime({ offset: true }) });

export interface SilenceRequest {
  readonly match: readonly AlertMatcher[];
  /** Instants in milliseconds since the epoch. */
  readonly startsAt: number;
  readonly endsAt: number;
  /** What people see, and by which the silence is found again. */
  readonly comment: string;
}

/** Calls of Alertmanager's API, version 2. Every answer is a value or a fault; they reject only when `signal` aborts. */
export class AlertmanagerApi {
  readonly #settings: AlertmanagerSettings;
  readonly #client: HttpClient;

  constructor(settings: AlertmanagerSettings, client: HttpClient) {
    this.#settings = settings;
    this.#client = client;
  }

  /** The labels of each alert that fires, silenced and inhibited ones too: a silence quietens people, it mends nothing. */
  async firingAlerts(match: readonly AlertMatcher[], signal: AbortSignal): Promise<readonly Labels[] | RequestFault> {
    const filters = match.map((matcher): [string, string] => ['filter', matcherText(matcher)]);
    const alerts = await this.#read('GET', '/api/v2/alerts', alertsSchema, signal, { parameters: [['active', 'true'], ['silenced', 'true'], ['inhibited', 'true'], ...filters] });
    // Those of the state "unprocessed" have just come in, and fire as well.
    return 'kind' in alerts ? alerts : alerts.map(({ labels }) => labels);
  }

  /** When it was started, in milliseconds since the epoch. */
  async startedAt(signal: AbortSignal): Promise<number | RequestFault> {
    const status = await this.#read('GET', '/api/v2/status', statusSchema, signal);
    return 'kind' in status ? status : Date.parse(status.uptime);
  }

  /** The silences that have matchers like these, those that are over too. */
  silences(match: readonly AlertMatcher[], signal: AbortSignal): Promise<z.infer<typeof silencesSchema> | RequestFault> {
    return this.#read('GET', '/api/v2/silences', silencesSchema, signal, { parameters: match.map((matcher) => ['filter', matcherText(matcher)]) });
  }

  async silence({ match, startsAt, endsAt, comment }: SilenceRequest, signal: AbortSignal): Promise<{ readonly id: string } | RequestFault> {
    const matchers = match.map(({ name, operator, value }) => ({ name, value, isRegex: operator.endsWith('~'), isEqual: !operator.startsWith('!') }));
    const body = { matchers, startsAt: instantText(startsAt), endsAt: instantText(endsAt), createdBy: 'belay', comment };
    const answer = await this.#read('POST', '/api/v2/silences', silenceSchema, signal, { body });
    return 'kind' in answer ? answer : { id: answer.silenceID };
  }

  async endSilence(id: string, signal: AbortSignal): Promise<RequestFault | undefined> {
    const answer = await this.#ask('DELETE', `/api/v2/silence/${encodeURIComponent(id)}`, signal);
    if (answer.kind === 'fault') return answer;
    // One that is over, or was ended by somebody else, is not there any more.
    if (answer.status === 200 || answer.status === 404) return undefined;
    return { kind: 'fault', reason: 'http-status', message: `${placeOf(this.#settings.url)} answered HTTP ${answer.status} to the end of a silence` };
  }

  async #read<T extends object>(method: HttpRequest['method'], path: string, schema: z.ZodType<T>, signal: AbortSignal, more: { readonly parameters?: readonly [string, string][]; readonly body?: unknown } = {}): Promise<T | RequestFault> {
    const answer = await this.#ask(method, path, signal, more);
    return answer.kind === 'fault' ? answer : readJson(answer, schema, this.#settings.url);
  }

  #ask(method: HttpRequest['method'], path: string, signal: AbortSignal, { parameters = [], body }: { readonly parameters?: readonly [string, string][]; readonly body?: unknown } = {}): Promise<HttpAnswer | RequestFault> {
    const url = new URL(this.#settings.url);
    url.pathname = url.pathname.replace(/\/+$/, '') + path;
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    const { headers, timeoutMs } = this.#settings;
    const sent = body === undefined ? { headers } : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
    return this.#client.ask({ method, url: url.href, timeoutMs, ...sent }, signal);
  }
}

function instantText(at: number): string {
  return new Date(at).toISOString();
}

function readJson<T extends object>(answer: HttpAnswer, schema: z.ZodType<T>, url: string): T | RequestFault {
  const place = placeOf(url);
  if (answer.status !== 200) return { kind: 'fault', reason: 'http-status', message: `${place} answered HTTP ${answer.status}` };
  try {
    return schema.parse(JSON.parse(answer.body));
  } catch {
    return { kind: 'fault', reason: 'bad-answer', message: `${place} sent an answer that is none of an Alertmanager's` };
  }
}
