import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { JsonApi, type JsonQuestion } from '../calls/json-api.js';
import { fillUrl } from '../calls/template.js';

/** Of the REST API, whose answers the schemas here describe as far as they matter. */
const API_VERSION = '20240415';
/** What SDKs get is all flags of an environment. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface LaunchDarklyPlace {
  readonly url: string;
  readonly project: string;
  readonly environment: string;
  readonly token: string;
  readonly sdkUrl: string;
  readonly sdkKey?: string | undefined;
}

const clauseSchema = z.looseObject({ op: z.string(), negate: z.boolean().default(false), values: z.array(z.unknown()).default([]) });
const ruleSchema = z.looseObject({ _id: z.string(), variation: z.int().optional(), clauses: z.array(clauseSchema).default([]) });
const environmentSchema = z.looseObject({
  on: z.boolean(),
  archived: z.boolean().default(false),
  version: z.number(),
  offVariation: z.int().nullish(),
  rules: z.array(ruleSchema).default([]),
});
const flagSchema = z.looseObject({
  variations: z.array(z.looseObject({ _id: z.string(), value: z.unknown() })),
  environments: z.record(z.string(), environmentSchema),
});
const sdkFlagsSchema = z.looseObject({ flags: z.record(z.string(), z.looseObject({ version: z.number() })) });

export type LaunchDarklyRule = z.infer<typeof ruleSchema>;

/** A flag in one environment. */
export interface LaunchDarklyFlag extends z.infer<typeof environmentSchema> {
  readonly variations: z.infer<typeof flagSchema>['variations'];
}

/** One environment of one project, over the REST API; and, with an SDK key, what server-side SDKs are told there. */
export class LaunchDarklyApi {
  readonly #place: LaunchDarklyPlace;
  readonly #rest: JsonApi;
  readonly #sdk: JsonApi | undefined;

  constructor(place: LaunchDarklyPlace) {
    const secrets = [place.token, place.sdkKey ?? ''];
    this.#place = place;
    this.#rest = new JsonApi({ name: 'LaunchDarkly', headers: { authorization: place.token, 'ld-api-version': API_VERSION }, secrets });
    this.#sdk = place.sdkKey === undefined ? undefined : new JsonApi({ name: 'LaunchDarkly for SDKs', headers: { authorization: place.sdkKey }, secrets, maxAnswerBytes: MAX_ANSWER_BYTES });
  }

  async flag(flagKey: string, signal: AbortSignal): Promise<LaunchDarklyFlag> {
    const { environment } = this.#place;
    const { variations, environments } = shaped(flagSchema, await this.#rest.tell({ method: 'GET', url: this.#flagUrl(flagKey) + fillUrl('?env=${environment}', { environment }) }, signal));
    const found = Object.hasOwn(environments, environment) ? environments[environment] : undefined;
    if (found === undefined) throw new BelayError('provider-refused', `LaunchDarkly: flag ${flagKey} has no environment ${environment}`);
    if (found.archived) throw new BelayError('provider-refused', `LaunchDarkly: flag ${flagKey} is archived`);
    return { ...found, variations };
  }

  /** One semantic patch: all of its instructions are carried out, or none. */
  async patch(flagKey: string, instructions: readonly Readonly<Record<string, unknown>>[], signal: AbortSignal): Promise<void> {
    const body = { environmentKey: this.#place.environment, comment: 'Rolled back by Belay', instructions };
    const question: JsonQuestion = { method: 'PATCH', url: this.#flagUrl(flagKey), body, headers: { 'content-type': 'application/json; domain-model=launchdarkly.semanticpatch' } };
    await this.#rest.tell(question, signal);
  }

  /** Whether SDKs are told of this version of the flag, or a later one. Without an SDK key nobody can say, and it counts as so. */
  async isToldToSdks(flagKey: string, version: number, signal: AbortSignal): Promise<boolean> {
    if (this.#sdk === undefined) return true;
    const { flags } = shaped(sdkFlagsSchema, await this.#sdk.tell({ method: 'GET', url: `${this.#place.sdkUrl.replace(/\/+$/, '')}/sdk/latest-all` }, signal));
    return Object.hasOwn(flags, flagKey) && (flags[flagKey]?.version ?? 0) >= version;
  }

  #flagUrl(flagKey: string): string {
    return this.#place.url.replace(/\/+$/, '') + fillUrl('/api/v2/flags/${project}/${flagKey}', { project: this.#place.project, flagKey });
  }
}

function shaped<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new BelayError('provider-refused', `LaunchDarkly answered in a form that is not known: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
