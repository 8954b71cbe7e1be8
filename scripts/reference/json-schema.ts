import { isDeepStrictEqual } from 'node:util';

/** What is read of a JSON Schema, as zod writes it. `title` is the kind of a value in one or a few words. */
export interface JsonSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | false;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

/** The forms that a value may have, down to those that are no choice themselves. */
export function formsOf(schema: JsonSchema): readonly JsonSchema[] {
  const forms = schema.oneOf ?? schema.anyOf;
  return forms === undefined ? [schema] : forms.flatMap(formsOf);
}

/** Whether a value is a map of keys that are known. */
export function hasKeys(schema: JsonSchema): boolean {
  return formsOf(schema).some(({ properties }) => properties !== undefined);
}

/** What tells forms apart, such as `prometheus`; `undefined` for what is no choice by type. */
export function typesOf(schema: JsonSchema): readonly string[] | undefined {
  const forms = formsOf(schema);
  const types = forms.flatMap(({ properties }) => (typeof properties?.['type']?.const === 'string' ? [properties['type'].const] : []));
  return forms.length > 1 && types.length === forms.length ? types : undefined;
}

/** Whether two schemas say the same of a value, whatever is said of the key that has it. */
export function saySame(one: JsonSchema, other: JsonSchema): boolean {
  const bare = (schema: JsonSchema): unknown => ({ ...schema, description: undefined, default: undefined });
  return isDeepStrictEqual(bare(one), bare(other));
}

/** Every `$ref` replaced by what it names, but for those that lead back into themselves: of these the title is left. */
export function withoutReferences(schema: JsonSchema): JsonSchema {
  const definitions = schema.$defs ?? {};
  const replaced = (value: unknown, within: readonly string[]): unknown => {
    if (Array.isArray(value)) return value.map((entry) => replaced(entry, within));
    if (typeof value !== 'object' || value === null) return value;
    const { $ref, ...rest } = value as JsonSchema;
    const name = $ref?.split('/').at(-1);
    if (name === undefined) return Object.fromEntries(Object.entries(rest).map(([key, entry]) => [key, replaced(entry, within)]));
    const { title, ...definition } = definitions[name] ?? {};
    const known = title === undefined ? {} : { title };
    return within.includes(name) ? { ...known, ...rest } : { ...known, ...(replaced(definition, [...within, name]) as JsonSchema), ...rest };
  };
  return replaced({ ...schema, $defs: undefined }, []) as JsonSchema;
}
