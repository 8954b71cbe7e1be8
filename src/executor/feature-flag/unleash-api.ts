import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { JsonApi, type JsonQuestion } from '../calls/json-api.js';
import { fillUrl } from '../calls/template.js';

/** What SDKs get is all flags of an environment. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** With it the server names the segments of strategies instead of spelling them out. */
const CLIENT_SPEC = '5.1.0';

export interface UnleashPlace {
  readonly url: string;
  readonly clientUrl?: string | undefined;
  readonly project: string;
  readonly environment: string;
  readonly adminToken: string;
  readonly clientToken: string;
}

const strategySchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  title: z.string().nullish(),
  disabled: z.boolean().nullish(),
  segments: z.array(z.number()).default([]),
  constraints: z.array(z.unknown()).default([]),
});
const flagSchema = z.looseObject({ environments: z.array(z.looseObject({ name: z.string(), enabled: z.boolean(), strategies: z.array(strategySchema).default([]) })) });
const segmentsSchema = z.looseObject({ segments: z.array(z.looseObject({ id: z.number(), name: z.string() })) });
const clientFlagsSchema = z.looseObject({
  features: z.array(z.looseObject({ name: z.string(), enabled: z.boolean(), strategies: z.array(z.looseObject({ segments: z.array(z.number()).default([]) })).default([]) })),
});

export type UnleashStrategy = z.infer<typeof strategySchema>;

/** A flag in one environment, as the server keeps it. */
export interface UnleashFlag {
  readonly enabled: boolean;
  readonly strategies: readonly UnleashStrategy[];
}

/** What an SDK is told of a flag. Strategies that are disabled are left out. */
export interface UnleashClientFlag {
  readonly enabled: boolean;
  readonly segments: ReadonlySet<number>;
}

/** The requests of one environment of one Unleash project: the admin API, and the client API as SDKs use it. */
export class UnleashApi {
  readonly #place: UnleashPlace;
  readonly #admin: JsonApi;
  readonly #client: JsonApi;

  constructor(place: UnleashPlace) {
    const secrets = [place.adminToken, place.clientToken];
    this.#place = place;
    this.#admin = new JsonApi({ name: 'Unleash', headers: { authorization: place.adminToken }, secrets });
    this.#client = new JsonApi({ name: 'Unleash for clients', headers: { authorization: place.clientToken, 'unleash-client-spec': CLIENT_SPEC }, secrets, maxAnswerBytes: MAX_ANSWER_BYTES });
  }

  /** Throws `provider-refused` where the project has no such flag, or the flag is not in this environment. */
  async flag(flagKey: string, signal: AbortSignal): Promise<UnleashFlag> {
    const { environments } = await this.#tell(flagSchema, { method: 'GET', url: this.#flagUrl(flagKey) }, signal);
    const found = environments.find(({ name }) => name === this.#place.environment);
    if (found !== undefined) return found;
    throw new BelayError('provider-refused', `Unleash: flag ${flagKey} has no environment ${this.#place.environment}; it has ${environments.map(({ name }) => name).join(', ')}`);
  }

  async setEnabled(flagKey: string, isEnabled: boolean, signal: AbortSignal): Promise<void> {
    await this.#admin.tell({ method: 'POST', url: `${this.#environmentUrl(flagKey)}/${isEnabled ? 'on' : 'off'}` }, signal);
  }

  async setDisabled(flagKey: string, strategyId: string, isDisabled: boolean, signal: AbortSignal): Promise<void> {
    const url = `${this.#environmentUrl(flagKey)}/strategies/${encodeURIComponent(strategyId)}`;
    await this.#admin.tell({ method: 'PATCH', url, body: [{ op: 'replace', path: '/disabled', value: isDisabled }] }, signal);
  }

  async segmentId(name: string, signal: AbortSignal): Promise<number> {
    const { segments } = await this.#tell(segmentsSchema, { method: 'GET', url: `${this.#base}/api/admin/segments` }, signal);
    const found = segments.find((segment) => segment.name === name);
    if (found !== undefined) return found.id;
    throw new BelayError('provider-refused', `Unleash has no segment ${JSON.stringify(name)}`);
  }

  /** What SDKs fetch. A flag that they are not told of is off for them. */
  async asClient(flagKey: string, signal: AbortSignal): Promise<UnleashClientFlag> {
    const base = (this.#place.clientUrl ?? this.#place.url).replace(/\/+$/, '');
    const question: JsonQuestion = { method: 'GET', url: `${base}/api/client/features` };
    const { features } = shaped(clientFlagsSchema, await this.#client.tell(question, signal), question);
    const found = features.find(({ name }) => name === flagKey);
    return { enabled: found?.enabled ?? false, segments: new Set(found?.strategies.flatMap(({ segments }) => segments)) };
  }

  get #base(): string {
    return this.#place.url.replace(/\/+$/, '');
  }

  #flagUrl(flagKey: string): string {
    return this.#base + fillUrl('/api/admin/projects/${project}/features/${flagKey}', { project: this.#place.project, flagKey });
  }

  #environmentUrl(flagKey: string): string {
    return this.#flagUrl(flagKey) + fillUrl('/environments/${environment}', { environment: this.#place.environment });
  }

  async #tell<S extends z.ZodType>(schema: S, question: JsonQuestion, signal: AbortSignal): Promise<z.output<S>> {
    return shaped(schema, await this.#admin.tell(question, signal), question);
  }
}

function shaped<S extends z.ZodType>(schema: S, body: unknown, { method, url }: JsonQuestion): z.output<S> {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new BelayError('provider-refused', `Unleash: ${method} ${url} answered in a form that is not known: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
