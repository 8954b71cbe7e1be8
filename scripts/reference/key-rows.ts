import { formsOf, hasKeys, type JsonSchema } from './json-schema.js';
import { typeText, type LinkTo } from './type-text.js';

/** One line of a table: the cells as Markdown. */
export type Row = readonly [key: string, type: string, otherwise: string, meaning: string];

/** The keys of a map, with those of the maps inside it that have no section of their own: `http.auth.tokens[].name`. */
export function keyRows({ properties = {}, required = [] }: JsonSchema, linkTo: LinkTo, prefix = ''): readonly Row[] {
  return Object.entries(properties).flatMap(([key, schema]) => rowsOf(`${prefix}${key}`, schema, required.includes(key), linkTo));
}

function rowsOf(key: string, schema: JsonSchema, isRequired: boolean, linkTo: LinkTo): readonly Row[] {
  const inner = schema.title !== undefined && hasKeys(schema) ? [] : formsOf(schema).flatMap(innerOf);
  const shown = inner.some(({ suffix }) => suffix === '.NAME.') || namesEntries(schema) ? `${key}.NAME` : key;
  const own: Row = [`\`${shown}\``, typeText(schema, linkTo), otherwise(schema, isRequired), schema.description ?? ''];
  return [own, ...inner.flatMap(({ schema: map, suffix }) => keyRows(map, linkTo, `${key}${suffix}`))];
}

/** A map of known keys without a section: the form itself, the entries of a list, or those under names. */
function innerOf(form: JsonSchema): readonly { readonly schema: JsonSchema; readonly suffix: '.' | '[].' | '.NAME.' }[] {
  const { items, additionalProperties: entries } = form;
  if (form.properties !== undefined) return form.title === undefined ? [{ schema: form, suffix: '.' }] : [];
  if (items?.properties !== undefined && items.title === undefined) return [{ schema: items, suffix: '[].' }];
  return entries !== undefined && entries !== false && entries.properties !== undefined && entries.title === undefined ? [{ schema: entries, suffix: '.NAME.' }] : [];
}

/** Whether its keys are names that people give to things with a section. */
function namesEntries({ additionalProperties }: JsonSchema): boolean {
  return additionalProperties !== undefined && additionalProperties !== false && hasKeys(additionalProperties);
}

function otherwise({ default: usual }: JsonSchema, isRequired: boolean): string {
  if (isRequired) return 'required';
  if (typeof usual === 'string' && usual !== '') return `\`${usual}\``;
  if (typeof usual === 'number' || typeof usual === 'boolean') return `\`${String(usual)}\``;
  if (Array.isArray(usual) && usual.length > 0 && usual.length < 4) return `\`[${usual.join(', ')}]\``;
  return '—';
}
