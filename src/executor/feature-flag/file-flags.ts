import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { filePath } from '../calls/command-line.js';
import type { FlagProvider } from './flag-provider.js';
import { parseJson, setInJson } from '../text/json-text.js';
import { editFile } from '../text/replace-file.js';

export const fileFlagsBinding = z.strictObject({ type: z.literal('file'), path: filePath });

/** What matters here of flagd's flag definitions; all else in the file is left alone. */
const flagSchema = z.looseObject({
  state: z.enum(['ENABLED', 'DISABLED']),
  variants: z.record(z.string(), z.json()),
  defaultVariant: z.string().nullish(),
  targeting: z.json().optional(),
});
const definitionsSchema = z.looseObject({ flags: z.record(z.string(), z.json()), $evaluators: z.json().optional() });

type Flag = z.infer<typeof flagSchema>;
interface Definitions {
  readonly flag: Flag;
  readonly evaluators: unknown;
}

/** Flags in a file of flagd's JSON format: a boolean flag is switched by its `defaultVariant`. */
export function fileFlags(binding: z.infer<typeof fileFlagsBinding>, directory: string): FlagProvider {
  const path = resolve(directory, binding.path);
  return {
    place: binding.path,
    async get({ parameters: { flagKey } }) {
      return evaluated(readFlag(await readFile(path, 'utf8'), flagKey, binding.path), flagKey, binding.path);
    },
    async set({ parameters: { flagKey, targetState } }, { signal }) {
      await editFile(path, signal, (text) => {
        const definitions = readFlag(text, flagKey, binding.path);
        const variant = variantFor(definitions.flag, targetState, flagKey, binding.path);
        refuseTargeting(definitions, targetState, flagKey, binding.path);
        const switched = setInJson(text, ['flags', flagKey, 'defaultVariant'], variant, binding.path);
        return definitions.flag.state === 'ENABLED' ? switched : setInJson(switched, ['flags', flagKey, 'state'], 'ENABLED', binding.path);
      });
    },
  };
}

function readFlag(text: string, flagKey: string, file: string): Definitions {
  const definitions = definitionsSchema.safeParse(parseJson(text, file));
  if (!definitions.success) throw new BelayError('provider-refused', `${file} is not in flagd's format: it has no object "flags"`);
  const { flags, $evaluators } = definitions.data;
  if (!Object.hasOwn(flags, flagKey)) throw new BelayError('provider-refused', `${file} has no flag ${JSON.stringify(flagKey)}`);
  const flag = flagSchema.safeParse(flags[flagKey]);
  if (flag.success) return { flag: flag.data, evaluators: $evaluators };
  const problems = flag.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new BelayError('provider-refused', `${file}: flag ${JSON.stringify(flagKey)} is not in flagd's format: ${problems}`);
}

/** What a client is told whoever asks; throws where that depends on who asks, or on the client. */
function evaluated(definitions: Definitions, flagKey: string, file: string): boolean {
  const { flag } = definitions;
  if (flag.state === 'DISABLED') throw new BelayError('provider-refused', `${file}: flag ${flagKey} is DISABLED, so that every client falls back to its own default`);
  const value = typeof flag.defaultVariant === 'string' && Object.hasOwn(flag.variants, flag.defaultVariant) ? flag.variants[flag.defaultVariant] : undefined;
  if (typeof value !== 'boolean') throw new BelayError('provider-refused', `${file}: the default variant of flag ${flagKey} is neither true nor false`);
  refuseTargeting(definitions, value, flagKey, file);
  return value;
}

function variantFor(flag: Flag, targetState: boolean, flagKey: string, file: string): string {
  const names = Object.keys(flag.variants).filter((name) => flag.variants[name] === targetState);
  const [first] = names;
  if (first === undefined) throw new BelayError('provider-refused', `${file}: flag ${flagKey} has no variant whose value is ${targetState}`);
  return typeof flag.defaultVariant === 'string' && names.includes(flag.defaultVariant) ? flag.defaultVariant : first;
}

/** Belay sets the default only. Targeting rules come before it, so they must not be able to answer otherwise. */
function refuseTargeting({ flag, evaluators }: Definitions, targetState: boolean, flagKey: string, file: string): void {
  const { targeting } = flag;
  if (targeting === undefined || targeting === null || (typeof targeting === 'object' && Object.keys(targeting).length === 0)) return;
  const mentioned = new Set(words(targeting));
  if (mentioned.has('$ref')) for (const word of words(evaluators)) mentioned.add(word);
  // Rules that compute a variant's name, or that answer with the outcome of a comparison, may name any.
  const computes = ['cat', 'substr'].some((operator) => mentioned.has(operator));
  const others = Object.keys(flag.variants).filter((name) => flag.variants[name] !== targetState);
  const reachable = others.filter((name) => computes || mentioned.has(name) || name === 'true' || name === 'false');
  if (reachable.length === 0) return;
  throw new BelayError('provider-refused', `${file}: the targeting rules of flag ${flagKey} can still answer ${reachable.map((name) => `"${name}"`).join(' or ')}; Belay sets the default variant only`);
}

/** Every key and every leaf of plain data, as text. */
function words(data: unknown): string[] {
  if (Array.isArray(data)) return data.flatMap(words);
  if (typeof data === 'object' && data !== null) return Object.entries(data).flatMap(([key, value]) => [key, ...words(value)]);
  return [String(data)];
}
