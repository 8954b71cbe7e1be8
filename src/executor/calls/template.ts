import { BelayError } from '../../fault/belay-error.js';
import { urlPart } from '../../rollback/url-part.js';

/**
 * What `${name}` in a binding may stand for: the step's parameters by name, and the environment. `undefined`: the text
 * is filled already and taken as it is, since what looks like a reference in it has come from a value.
 */
export type TemplateValues = Readonly<Record<string, unknown>> | undefined;

const REFERENCE = /\$\{([^}]*)\}/g;

/** The names that a template refers to, in order, repeats included. */
export function templateReferences(template: string): string[] {
  return [...template.matchAll(REFERENCE)].map((match) => match[1] ?? '');
}

/**
 * Fills a template that stays one argument whatever the values hold: strings go in as they are, all else as JSON.
 * Values are not looked at for further references. Throws `template-unresolved` naming the reference without a value.
 */
export function fillTemplate(template: string, values: TemplateValues): string {
  return values === undefined ? template : template.replaceAll(REFERENCE, (_reference, name: string) => textOf(valueOf(name, values)));
}

/** Fills a URL: each value is encoded, so that it cannot leave its place in the path or the query. */
export function fillUrl(template: string, values: TemplateValues): string {
  if (values === undefined) return template;
  return template.replaceAll(REFERENCE, (_reference, name: string) => {
    const text = textOf(valueOf(name, values));
    const part = urlPart(text);
    if (part === undefined) throw new BelayError('parameter-invalid', `${name} is ${JSON.stringify(text)}, which cannot be a part of a URL`);
    return part;
  });
}

/** Fills the strings of plain data; a string that is nothing but one reference becomes the value itself, type and all. */
export function fillData(data: unknown, values: TemplateValues): unknown {
  if (values === undefined) return data;
  if (typeof data === 'string') {
    const [name, second] = templateReferences(data);
    return name !== undefined && second === undefined && data === `\${${name}}` ? valueOf(name, values) : fillTemplate(data, values);
  }
  if (Array.isArray(data)) return data.map((item) => fillData(item, values));
  if (data === null || typeof data !== 'object') return data;
  return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, fillData(item, values)]));
}

function valueOf(name: string, values: NonNullable<TemplateValues>): unknown {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new BelayError('template-unresolved', `\${${name}}: the step has no such parameter`, { context: { reference: name } });
  return value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
