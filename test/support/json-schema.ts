/** What is looked at of a JSON Schema. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly default?: unknown;
  readonly const?: unknown;
}

interface Key {
  /** In every form that has it. */
  readonly required: boolean;
  /** Of the forms that have one, as text. */
  readonly defaults: readonly string[];
}

/** What is at a path: the name of a key, `NAME` for any key of a map, `[]` for the entries of a list. */
export function at(schema: JsonSchema, ...path: readonly string[]): JsonSchema {
  return path.reduce<JsonSchema>((found, step) => {
    const next = step === '[]' ? found.items : step === 'NAME' ? found.additionalProperties : found.properties?.[step];
    if (next === undefined) throw new Error(`the schema has nothing at ${path.join('.')}`);
    return next;
  }, schema);
}

/** The forms that a value may have. */
export function variantsOf(schema: JsonSchema): readonly JsonSchema[] {
  const alternatives = schema.oneOf ?? schema.anyOf;
  return alternatives === undefined ? [schema] : alternatives.flatMap(variantsOf);
}

/** The values of `type` that tell the forms apart. */
export function typesOf(schema: JsonSchema): readonly string[] {
  return variantsOf(schema).map(({ properties }) => String(properties?.['type']?.const));
}

export function variantOfType(schema: JsonSchema, type: string): JsonSchema {
  return variantsOf(schema).find(({ properties }) => properties?.['type']?.const === type) ?? {};
}

/**
 * The keys of several forms together, written as people would: `http.listen`, `tokens[].name`, `sources.NAME`. What is
 * inside a key is looked at only where none of its spellings is among the `whole` ones.
 */
export function keysOf(forms: readonly JsonSchema[], whole: ReadonlySet<string>, prefix = ''): ReadonlyMap<string, Key> {
  const keys = new Map<string, Key>();
  const note = (name: string, key: Key): void => {
    const known = keys.get(name);
    keys.set(name, known === undefined ? key : { required: known.required && key.required, defaults: [...known.defaults, ...key.defaults] });
  };
  for (const { properties = {}, required = [] } of forms) {
    for (const [property, schema] of Object.entries(properties)) {
      const name = prefix + property;
      const spelling = [name, `${name}.NAME`].find((candidate) => whole.has(candidate)) ?? name;
      const inner = schema.properties !== undefined ? keysOf([schema], whole, `${name}.`) : schema.items?.properties !== undefined ? keysOf([schema.items], whole, `${name}[].`) : undefined;
      if (inner === undefined || whole.has(spelling)) note(spelling, { required: required.includes(property), defaults: defaultOf(schema) });
      else for (const [innerName, key] of inner) note(innerName, key);
    }
  }
  return keys;
}

/** An empty default is none. */
function defaultOf({ default: written }: JsonSchema): readonly string[] {
  return (typeof written === 'string' && written !== '') || typeof written === 'number' || typeof written === 'boolean' ? [String(written)] : [];
}
