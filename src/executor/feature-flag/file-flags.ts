import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { filePath } from '../calls/command-line.js';
import { type FlagProvider, type FlagRequest, segmentOf } from './flag-provider.js';
import { parseJson, removeFromJson, setInJson } from '../text/json-text.js';
import { editFile } from '../text/replace-file.js';

export const fileFlagsBinding = z.strictObject({ type: z.literal('file'), path: filePath.describe('The file. It is replaced as a whole; all else in it stays as it is.') });

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

/**
 * Flags in a file of flagd's JSON format. For everybody, a boolean flag is switched by its `defaultVariant`; for a
 * segment (a rule of this name under `$evaluators`), by a first branch of its targeting.
 */
export function fileFlags(binding: z.infer<typeof fileFlagsBinding>, directory: string): FlagProvider {
  const path = resolve(directory, binding.path);
  const file = binding.path;
  return {
    place: file,
    async get({ parameters }) {
      const definitions = readFlag(await readFile(path, 'utf8'), parameters.flagKey, file);
      const segment = segmentOf(parameters);
      return segment === undefined ? evaluated(definitions, parameters.flagKey, file) : evaluatedFor(segment, definitions, parameters.flagKey, file);
    },
    async set({ parameters }, { signal }) {
      const { flagKey, targetState } = parameters;
      const segment = segmentOf(parameters);
      await editFile(path, signal, (text) => {
        const definitions = readFlag(text, flagKey, file);
        const variant = variantFor(definitions.flag, targetState, flagKey, file);
        if (segment !== undefined) return withBranch(text, segment, variant, definitions, flagKey, file);
        refuseTargeting(definitions, targetState, flagKey, file);
        const switched = setInJson(text, ['flags', flagKey, 'defaultVariant'], variant, file);
        return definitions.flag.state === 'ENABLED' ? switched : setInJson(switched, ['flags', flagKey, 'state'], 'ENABLED', file);
      });
    },
    memory: {
      async capture({ parameters }) {
        const { flag } = readFlag(await readFile(path, 'utf8'), parameters.flagKey, file);
        return Object.fromEntries(overwrittenBy(parameters).flatMap((key) => (flag[key] === undefined ? [] : [[key, flag[key]]])));
      },
      async putBack({ parameters }, captured, { signal }) {
        const { flagKey } = parameters;
        const before = flagSchema.partial().safeParse(captured);
        if (!before.success) throw new BelayError('undo-impossible', `flag ${flagKey}: what was captured is not in flagd's format`);
        await editFile(path, signal, (text) => {
          const { flag } = readFlag(text, flagKey, file);
          return overwrittenBy(parameters).reduce((edited, key) => {
            const value = before.data[key];
            if (isDeepStrictEqual(flag[key], value)) return edited;
            return value === undefined ? removeFromJson(edited, ['flags', flagKey, key], file) : setInJson(edited, ['flags', flagKey, key], value, file);
          }, text);
        });
      },
    },
  };
}

function overwrittenBy(parameters: FlagRequest['parameters']): ('state' | 'defaultVariant' | 'targeting')[] {
  return segmentOf(parameters) === undefined ? ['state', 'defaultVariant'] : ['targeting'];
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

/** What the members of a segment are told; throws where that depends on more than that. */
function evaluatedFor(segment: string, definitions: Definitions, flagKey: string, file: string): boolean {
  const { flag } = definitions;
  const branch = firstBranch(segment, definitions, flagKey, file);
  if (branch === undefined || flag.state === 'DISABLED') return evaluated(definitions, flagKey, file);
  const value = typeof branch[1] === 'string' && Object.hasOwn(flag.variants, branch[1]) ? flag.variants[branch[1]] : undefined;
  if (typeof value === 'boolean') return value;
  throw new BelayError('provider-refused', `${file}: the targeting of flag ${flagKey} for ${segment} is neither true nor false`);
}

/** The operands of `{"if": [{"$ref": "beta"}, …]}`. Throws where there is no such segment. */
function firstBranch(segment: string, { flag, evaluators }: Definitions, flagKey: string, file: string): readonly unknown[] | undefined {
  if (typeof evaluators !== 'object' || evaluators === null || !Object.hasOwn(evaluators, segment)) {
    throw new BelayError('provider-refused', `${file} has no segment ${JSON.stringify(segment)} for flag ${flagKey}: it would be a rule under $evaluators`);
  }
  const rule = z.looseObject({ if: z.array(z.json()).min(2) }).safeParse(flag.targeting);
  return rule.success && isDeepStrictEqual(rule.data.if[0], { $ref: segment }) ? rule.data.if : undefined;
}

function withBranch(text: string, segment: string, variant: string, definitions: Definitions, flagKey: string, file: string): string {
  const { flag } = definitions;
  if (flag.state === 'DISABLED') throw new BelayError('provider-refused', `${file}: flag ${flagKey} is DISABLED, so that its targeting is not asked`);
  const place = ['flags', flagKey, 'targeting'];
  if (firstBranch(segment, definitions, flagKey, file) !== undefined) return setInJson(text, [...place, 'if', '1'], variant, file);
  const otherwise = isEmpty(flag.targeting) ? null : flag.targeting;
  return setInJson(text, place, { if: [{ $ref: segment }, variant, otherwise] }, file);
}

function isEmpty(targeting: unknown): boolean {
  return targeting === undefined || targeting === null || (typeof targeting === 'object' && Object.keys(targeting).length === 0);
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
  if (isEmpty(targeting)) return;
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
