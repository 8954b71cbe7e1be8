import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { filePath, plainText } from '../calls/command-line.js';
import { httpUrl } from '../calls/http-call.js';
import type { Reading } from '../state-executor.js';
import type { StepParameters } from '../step-parameters.js';
import type { ConfigurationProvider, ConfigurationRequest } from './configuration-provider.js';
import { EtcdApi, type EtcdChanges, type EtcdReading } from './etcd-api.js';
import { reloading } from './reload.js';

export const etcdConfigurationBinding = z.strictObject({
  type: z.literal('etcd'),
  endpoints: z.array(httpUrl).min(1).describe('The first that can be reached is used.'),
  /** What the keys begin with. A version brings back every key that begins so, unless `keys` names them. */
  prefix: plainText.min(1).describe('What the keys begin with.'),
  /** After the prefix. `configVersion: previous` needs them. */
  keys: z.array(plainText.min(1)).min(1).optional().describe('The keys that belong to the configuration, after the prefix. Without it all that begin with the prefix.'),
  user: z.strictObject({
    name: plainText.min(1).describe('`user` is for an etcd with authentication.'),
    password: plainText.min(1).describe('The user\'s password.'),
  }).optional().describe('Who Belay is at etcd, where authentication is on.'),
  ca: filePath.optional().describe('The certificates to trust, in PEM; without it those of the machine.'),
  cert: filePath.optional().describe('The certificate to show.'),
  key: filePath.optional().describe('Its key.'),
  ...reloading,
});
type EtcdBinding = z.infer<typeof etcdConfigurationBinding>;

/** The version that is each key's value before it was last written. */
export const PREVIOUS = 'previous';
const capturedSchema = z.strictObject({ revision: z.int().positive(), keys: z.array(z.string()).optional() });

/**
 * Configuration in etcd. Items are keys after a prefix. A version is a revision of the store, or `previous`; what is
 * brought back is written in one transaction that fails where a key was written meanwhile. What was there before is
 * known by its revision alone, so that no value goes into the journal.
 */
export function etcdConfiguration(binding: EtcdBinding, directory: string): ConfigurationProvider {
  const { prefix, keys, endpoints, user, ca, cert, key } = binding;
  const inDirectory = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(directory, path));
  const api = (): EtcdApi => new EtcdApi({ endpoints, user, ca: inDirectory(ca), cert: inDirectory(cert), key: inDirectory(key) });
  // Written in the same transaction as what `previous` brings back: keys with its revision have their previous value already.
  const mark = `belay/previous/${prefix}`;

  async function present(names: readonly string[] | undefined, signal: AbortSignal): Promise<EtcdReading> {
    return names === undefined ? await api().readPrefix(prefix, undefined, signal) : await api().read(names.map((name) => prefix + name), signal);
  }

  /** The values that the keys had at a revision. */
  async function valuesAt(revision: number, names: readonly string[] | undefined, now: EtcdReading, signal: AbortSignal): Promise<EtcdChanges> {
    if (names !== undefined) {
      const values = new Map<string, string | undefined>();
      for (const name of names) values.set(prefix + name, await api().readAt(prefix + name, revision, signal));
      return values;
    }
    const then = await api().readPrefix(prefix, revision, signal);
    return new Map([...then.entries.keys(), ...now.entries.keys()].map((name) => [name, then.entries.get(name)?.value]));
  }

  async function previousValues(now: EtcdReading, signal: AbortSignal): Promise<EtcdChanges> {
    const values = new Map<string, string | undefined>();
    for (const name of listed(binding)) {
      const entry = now.entries.get(prefix + name);
      if (entry === undefined || entry.version < 2) {
        const why = entry === undefined ? 'is not there' : `was made at revision ${entry.modRevision}`;
        throw new BelayError('provider-refused', `etcd: ${prefix}${name} ${why}, so it has no previous value; name the revision to go back to`);
      }
      values.set(prefix + name, await api().readAt(prefix + name, entry.modRevision - 1, signal));
    }
    return values;
  }

  async function wantedValues(parameters: StepParameters<'configuration'>, now: EtcdReading, signal: AbortSignal): Promise<EtcdChanges> {
    const { configVersion, configItems = {} } = parameters;
    if (configVersion === undefined) return new Map(Object.entries(configItems).map(([name, value]) => [prefix + name, textOf(value)]));
    return await valuesAt(revisionOf(configVersion), keys, now, signal);
  }

  async function readPrevious(signal: AbortSignal): Promise<Reading> {
    const names = listed(binding).map((name) => prefix + name);
    const { entries } = await api().read([...names, mark], signal);
    const writtenAt = entries.get(mark)?.modRevision;
    const isThere = writtenAt !== undefined && names.every((name) => entries.get(name)?.modRevision === writtenAt);
    return { state: isThere ? 'applied' : 'not-applied', actual: names.map((name) => `${name} at revision ${entries.get(name)?.modRevision ?? 'none'}`).join(', ') };
  }

  /** Writes what differs; where nothing does, nothing. */
  async function write(wanted: EtcdChanges, now: EtcdReading, signal: AbortSignal): Promise<void> {
    const changes = new Map([...wanted].filter(([name, value]) => now.entries.get(name)?.value !== value));
    if (changes.size > 0) await api().change(changes, now, signal);
  }

  /** Which keys a step is about; `undefined`: all that begin with the prefix. */
  function namesOf({ configItems }: StepParameters<'configuration'>): readonly string[] | undefined {
    if (configItems === undefined) return keys;
    const names = Object.keys(configItems);
    const strange = keys === undefined ? [] : names.filter((name) => !keys.includes(name));
    if (strange.length > 0) throw new BelayError('parameter-invalid', `${strange.join(', ')} is not among the keys of the binding`);
    return names;
  }

  return {
    async read({ parameters }, signal) {
      if (parameters.configVersion === PREVIOUS) return await readPrevious(signal);
      const now = await present(namesOf(parameters), signal);
      const wanted = await wantedValues(parameters, now, signal);
      const differing = [...wanted].filter(([name, value]) => now.entries.get(name)?.value !== value).map(([name]) => name);
      const isThere = differing.length === 0;
      if (parameters.configItems !== undefined) return { state: isThere ? 'applied' : 'not-applied', actual: shownItems(parameters.configItems, now, prefix) };
      return { state: isThere ? 'applied' : 'not-applied', actual: isThere ? parameters.configVersion : `revision ${now.revision} (${differing.join(', ')})` };
    },
    async apply({ parameters }, { signal }) {
      if (parameters.configVersion === PREVIOUS) {
        const now = await api().read([...listed(binding).map((name) => prefix + name), mark], signal);
        await api().change(new Map([...(await previousValues(now, signal)), [mark, `revision ${now.revision}`]]), now, signal);
        return;
      }
      const now = await present(namesOf(parameters), signal);
      await write(await wantedValues(parameters, now, signal), now, signal);
    },
    memory: {
      async capture({ parameters }, signal) {
        const names = namesOf(parameters);
        const { revision } = await present(names, signal);
        return { revision, ...(names === undefined ? {} : { keys: names }) };
      },
      async putBack(request, captured, { signal }) {
        const { revision, keys: names } = capturedRevision(request, captured);
        const now = await present(names, signal);
        await write(await valuesAt(revision, names, now, signal), now, signal);
      },
      async read(request, captured, signal) {
        const { revision, keys: names } = capturedRevision(request, captured);
        const now = await present(names, signal);
        const before = await valuesAt(revision, names, now, signal);
        return { state: [...before].every(([name, value]) => now.entries.get(name)?.value === value) ? 'applied' : 'not-applied', actual: `revision ${now.revision}` };
      },
    },
  };
}

function listed({ prefix, keys }: EtcdBinding): readonly string[] {
  if (keys !== undefined) return keys;
  throw new BelayError('parameter-invalid', `configVersion: ${PREVIOUS} needs the keys that are meant in the binding of ${prefix}`);
}

/** What a version names; `undefined` for text that is neither a revision nor `previous`. */
export function etcdRevision(version: string): number | typeof PREVIOUS | undefined {
  if (version === PREVIOUS) return PREVIOUS;
  return /^[1-9]\d{0,14}$/.test(version) ? Number(version) : undefined;
}

function revisionOf(version: string): number {
  const revision = etcdRevision(version);
  if (typeof revision === 'number') return revision;
  throw new BelayError('parameter-invalid', `${JSON.stringify(version.slice(0, 100))} is no version of etcd: it is the number of a revision, or ${PREVIOUS}`);
}

function capturedRevision({ parameters: { service } }: ConfigurationRequest, captured: unknown): z.infer<typeof capturedSchema> {
  const read = capturedSchema.safeParse(captured);
  if (read.success) return read.data;
  throw new BelayError('undo-impossible', `configuration of ${service}: what was captured does not name a revision`);
}

/** What a step wants, as text; what the store has, beside it. */
function shownItems(wanted: Readonly<Record<string, unknown>>, { entries }: EtcdReading, prefix: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([name, value]) => {
      const found = entries.get(prefix + name)?.value;
      return found === undefined ? [] : [[name, found === textOf(value) ? value : found]];
    }),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
