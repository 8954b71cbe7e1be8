import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { JsonApi, type JsonAnswer, type JsonQuestion } from '../calls/json-api.js';

export interface EtcdPlace {
  /** The first that can be reached is asked. */
  readonly endpoints: readonly string[];
  readonly user?: { readonly name: string; readonly password: string } | undefined;
  /** Paths of PEM files. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A key with its value, at the revision that last wrote it. */
export interface EtcdEntry {
  readonly value: string;
  readonly modRevision: number;
  /** 1 since it was made, then one more with every write. */
  readonly version: number;
}

/** What some keys hold; those that are not there are left out. */
export interface EtcdReading {
  /** Of the whole store when it was read. */
  readonly revision: number;
  readonly entries: ReadonlyMap<string, EtcdEntry>;
}

/** `undefined` takes the key out. */
export type EtcdChanges = ReadonlyMap<string, string | undefined>;

const revision = z.coerce.number().default(0);
const entrySchema = z.looseObject({ key: z.base64(), value: z.base64().default(''), mod_revision: revision, version: revision });
const rangeSchema = z.looseObject({ kvs: z.array(entrySchema).default([]) });
const headerSchema = z.looseObject({ revision });
const txnSchema = z.looseObject({ header: headerSchema, succeeded: z.boolean().default(false), responses: z.array(z.looseObject({ response_range: rangeSchema.optional() })).default([]) });
const rangeAnswerSchema = rangeSchema.extend({ header: headerSchema });
const tokenSchema = z.looseObject({ token: z.string() });

/** Nobody took the request, so that another endpoint may be asked whatever it was. */
const NOT_TAKEN: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** One etcd cluster through the JSON gateway of its v3 API. */
export class EtcdApi {
  readonly #place: EtcdPlace;
  readonly #agent: Agent | undefined;

  constructor(place: EtcdPlace) {
    const { ca, cert, key } = place;
    this.#place = place;
    const pem = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readFileSync(path));
    this.#agent = ca === undefined && cert === undefined ? undefined : new Agent({ ca: pem(ca), cert: pem(cert), key: pem(key) });
  }

  /** The keys as they are, all at one revision. */
  async read(keys: readonly string[], signal: AbortSignal): Promise<EtcdReading> {
    const success = keys.map((key) => ({ request_range: { key: encoded(key) } }));
    const answer = await this.#tell('/v3/kv/txn', { success }, txnSchema, signal);
    return { revision: answer.header.revision, entries: entriesOf(answer.responses.flatMap(({ response_range: range }) => range?.kvs ?? [])) };
  }

  /** Every key that begins with the prefix, now or as it was at a revision. */
  async readPrefix(prefix: string, at: number | undefined, signal: AbortSignal): Promise<EtcdReading> {
    return await this.#range({ ...prefixRange(prefix), ...(at === undefined ? {} : { revision: String(at) }) }, signal);
  }

  /** The value of one key at a revision; `undefined` where it was not there. Throws `provider-refused` for one that was compacted. */
  async readAt(key: string, at: number, signal: AbortSignal): Promise<string | undefined> {
    return (await this.#range({ key: encoded(key), revision: String(at) }, signal)).entries.get(key)?.value;
  }

  /**
   * Makes all changes in one transaction if none of the keys was written since they were read. Throws `conflict`
   * otherwise, and changes nothing.
   */
  async change(changes: EtcdChanges, seen: EtcdReading, signal: AbortSignal): Promise<void> {
    const compare = [...changes.keys()].map((key) => ({ key: encoded(key), target: 'MOD', result: 'EQUAL', mod_revision: String(seen.entries.get(key)?.modRevision ?? 0) }));
    const success = [...changes].map(([key, value]) => (value === undefined ? { request_delete_range: { key: encoded(key) } } : { request_put: { key: encoded(key), value: encoded(value) } }));
    const { succeeded } = await this.#tell('/v3/kv/txn', { compare, success }, txnSchema, signal);
    if (!succeeded) throw new BelayError('conflict', `etcd: ${[...changes.keys()].join(', ')} was changed by another program at the same time`);
  }

  async #range(body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<EtcdReading> {
    const answer = await this.#tell('/v3/kv/range', body, rangeAnswerSchema, signal);
    return { revision: answer.header.revision, entries: entriesOf(answer.kvs) };
  }

  async #tell<S extends z.ZodType>(path: string, body: unknown, schema: S, signal: AbortSignal): Promise<z.output<S>> {
    const token = await this.#token(signal);
    const question = { path, body, token };
    const answer = await this.#ask(question, signal);
    if (answer.status === 200) return shaped(schema, answer.body, path);
    throw new BelayError('provider-refused', `etcd: ${path} answered ${answer.status}: ${answer.said}`, { context: { status: answer.status } });
  }

  /** Tokens of etcd live for minutes, so each exchange has its own. */
  async #token(signal: AbortSignal): Promise<string | undefined> {
    const { user } = this.#place;
    if (user === undefined) return undefined;
    const answer = await this.#ask({ path: '/v3/auth/authenticate', body: user, token: undefined }, signal);
    if (answer.status === 200) return shaped(tokenSchema, answer.body, 'authenticate').token;
    throw new BelayError('provider-refused', `etcd does not accept the user ${user.name}: ${answer.said}`, { context: { status: 401 } });
  }

  async #ask({ path, body, token }: { readonly path: string; readonly body: unknown; readonly token: string | undefined }, signal: AbortSignal): Promise<JsonAnswer> {
    const secrets = [this.#place.user?.password ?? '', token ?? ''];
    const api = new JsonApi({ name: 'etcd', headers: token === undefined ? {} : { authorization: token }, secrets, agent: this.#agent, maxAnswerBytes: MAX_ANSWER_BYTES });
    const problems: unknown[] = [];
    for (const endpoint of this.#place.endpoints) {
      const question: JsonQuestion = { method: 'POST', url: endpoint.replace(/\/+$/, '') + path, body };
      try {
        return await api.ask(question, signal);
      } catch (error) {
        signal.throwIfAborted();
        problems.push(error);
        if (!(error instanceof BelayError) || !NOT_TAKEN.has(error.context['reason'])) break;
      }
    }
    const [only, second] = problems;
    throw second === undefined ? only : new BelayError('provider-unreachable', problems.map((problem) => (problem as Error).message).join('; '));
  }
}

/** The range that begins with the prefix: up to the next text that does not. */
function prefixRange(prefix: string): { key: string; range_end: string } {
  const end = Buffer.from(prefix);
  const last = end.findLastIndex((byte) => byte < 0xff);
  end.writeUInt8((end[last] ?? 0) + 1, last);
  return { key: encoded(prefix), range_end: end.subarray(0, last + 1).toString('base64') };
}

function entriesOf(kvs: readonly z.infer<typeof entrySchema>[]): Map<string, EtcdEntry> {
  return new Map(kvs.map(({ key, value, mod_revision: modRevision, version }) => [decoded(key), { value: decoded(value), modRevision, version }]));
}

function shaped<S extends z.ZodType>(schema: S, body: unknown, path: string): z.output<S> {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw new BelayError('provider-refused', `etcd: ${path} answered in a form that is not known`);
}

function encoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Values that are no text could not be written back as they were. */
function decoded(base64: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    throw new BelayError('provider-refused', 'etcd: one of the keys or values is not UTF-8 text');
  }
}
