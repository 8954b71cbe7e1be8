import { hasKeys, type JsonSchema } from './json-schema.js';

/** Where a section stands, seen from the page that is written. */
export type LinkTo = (title: string) => string | undefined;

/** What a value is, in a few words; things with a section lead there. */
export function typeText(schema: JsonSchema, linkTo: LinkTo): string {
  const { title } = schema;
  if (title !== undefined) {
    const place = linkTo(title);
    return place === undefined ? title : `[${title}](${place})`;
  }
  const forms = schema.oneOf ?? schema.anyOf;
  // JSON of any form.
  if (forms?.some(({ type }) => type === 'null') === true) return 'any';
  if (forms !== undefined) return orText(forms.map((form) => typeText(form, linkTo)));
  if (schema.enum !== undefined) return schema.enum.map(literal).join(', ');
  if (schema.const !== undefined) return literal(schema.const);
  switch (schema.type) {
    case 'boolean':
      return '`true`, `false`';
    case 'integer':
    case 'number':
      return numberText(schema);
    case 'string':
      return 'text';
    case 'array':
      return schema.items === undefined ? 'list' : `list of ${plural(typeText(schema.items, linkTo))}`;
    case 'object':
      return mapText(schema, linkTo);
    default:
      return 'any';
  }
}

/** `level`, or a list of them. */
function orText(texts: readonly string[]): string {
  const all = [...new Set(texts)];
  const literals = all.filter((text) => /^`[^`]*`$/.test(text));
  if (literals.length === all.length) return all.join(', ');
  const one = all.length === 2 ? all.find((text) => all.includes(`list of ${plural(text)}`)) : undefined;
  return one === undefined ? all.join(' or ') : `${one}, or a list of them`;
}

function numberText({ type, minimum, maximum }: JsonSchema): string {
  const range = [...(minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? [] : [`from ${minimum}`]), ...(maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? [] : [`to ${maximum}`])];
  return [type === 'integer' ? 'whole number' : 'number', ...range].join(' ');
}

function mapText({ properties, additionalProperties: entries }: JsonSchema, linkTo: LinkTo): string {
  if (properties !== undefined) return `{ ${Object.keys(properties).join(', ')} }`;
  if (entries === undefined || entries === false) return 'map';
  return hasKeys(entries) ? typeText(entries, linkTo) : `name: ${typeText(entries, linkTo)}`;
}

/** `checks of data`, `addresses`; what is no plain word is left as it is. */
function plural(text: string): string {
  const [, open = '', words = '', end = ''] = /^(\[?)([a-z() ]+?)((?:\]\(.*)?)$/i.exec(text) ?? [];
  if (words === '') return text;
  const [head = '', ...rest] = words.split(' of ');
  return `${open}${[`${head}${head.endsWith('s') ? 'es' : 's'}`, ...rest].join(' of ')}${end}`;
}

function literal(value: unknown): string {
  return `\`${String(value)}\``;
}
