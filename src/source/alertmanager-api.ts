import { z } from 'zod';
import { matcherText, type AlertMatcher } from './alert-match.js';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.js';
import { placeOf, type RequestFault } from './request-fault.js';
import type { Labels } from './sample.js';
import type { AlertmanagerSettings } from './source-settings.js';

const alertsSchema = z.array(z.object({ labels: z.record(z.string(), z.string()), status: z.object({ state: z.string() }) }));
const statusSchema = z.object({ uptime: z.iso.datetime({ offset: true }) });

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

  async #read<T extends object>(method: HttpRequest['method'], path: string, schema: z.ZodType<T>, signal: AbortSignal, { parameters = [] }: { readonly parameters?: readonly [string, string][] } = {}): Promise<T | RequestFault> {
    const url = new URL(this.#settings.url);
    url.pathname = url.pathname.replace(/\/+$/, '') + path;
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    const { headers, timeoutMs } = this.#settings;
    const answer = await this.#client.ask({ method, url: url.href, headers, timeoutMs }, signal);
    return answer.kind === 'fault' ? answer : readJson(answer, schema, url.href);
  }
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
