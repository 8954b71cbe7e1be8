import { formsOf, hasKeys, type JsonSchema, saySame } from './json-schema.js';

/** Something with keys that has a name of its own: it stands under a heading, and what uses it leads there. */
export interface Section {
  readonly title: string;
  readonly schema: JsonSchema;
  /** Where it is used: `targets.NAME.health.expect`. */
  readonly paths: readonly string[];
}

/** The sections of a file, each once, in the order in which they are come upon. */
export function sectionsOf(root: JsonSchema, path = ''): readonly Section[] {
  const sections = new Map<string, Section>();
  visit(root, path, true);
  return [...sections.values()];

  function visit(schema: JsonSchema, at: string, isRoot = false): void {
    const { title } = schema;
    if (!isRoot && title !== undefined && hasKeys(schema)) {
      const known = sections.get(title);
      if (known !== undefined && !saySame(known.schema, schema)) throw new Error(`"${title}" is one thing at ${known.paths.join(', ')} and another at ${at}`);
      sections.set(title, { title, schema, paths: [...new Set([...(known?.paths ?? []), at])] });
      if (known !== undefined) return;
    }
    for (const form of formsOf(schema)) {
      for (const [key, value] of Object.entries(form.properties ?? {})) visit(value, at === '' ? key : `${at}.${key}`);
      if (form.items !== undefined) visit(form.items, `${at}[]`);
      if (form.additionalProperties !== undefined && form.additionalProperties !== false) visit(form.additionalProperties, `${at}.NAME`);
    }
  }
}
