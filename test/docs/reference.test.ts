import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { formsOf, type JsonSchema, withoutReferences } from '../../scripts/reference/json-schema.js';
import { keyRows } from '../../scripts/reference/key-rows.js';
import { referencePages } from '../../scripts/reference/reference-pages.js';
import { sectionsOf } from '../../scripts/reference/sections.js';
import { exportSchemas, describedSchemas } from '../../src/config/export-schemas.js';
import { stepParameterSchemas } from '../../src/executor/step-parameters.js';
import { readDoc } from '../support/markdown.js';

const pages = referencePages();

describe('docs/reference', () => {
  test('has the pages that the schemas give, and no others', () => {
    expect(readdirSync(new URL('../../docs/reference', import.meta.url)).toSorted(), 'mend it with: npm run reference').toEqual([...pages.keys()].toSorted());
  });

  test.each([...pages])('%s says what the schemas say', (file, text) => {
    expect(readDoc(`docs/reference/${file}`) === text, `docs/reference/${file} is not what the schemas say: mend it with: npm run reference`).toBe(true);
  });

  test('has a row for every key of every file, under its own name or in a section', () => {
    const all = [...pages.values()].join('\n');
    const missing = keysOf(everything).filter(({ key }) => !new RegExp(`^\\| \`(?:[\\w.[\\]]+\\.)?${key}(?:\\.NAME)?\` \\|`, 'm').test(all));
    expect(missing).toEqual([]);
  });
});

describe('descriptions', () => {
  test('every key has one; of `type` its value tells', () => {
    expect(keysOf(everything).filter(({ key, schema }) => key !== 'type' && (schema.description ?? '') === '').map(({ at }) => at)).toEqual([]);
  });

  test('those for editors name pages of the documentation instead of linking to them', () => {
    const text = JSON.stringify(exportSchemas());
    expect(text).toContain('What each may do (docs/http.md).');
    expect(text).not.toMatch(/\]\(docs\//);
  });
});

describe('the tables', () => {
  const rowsOf = (schema: z.ZodType): readonly (readonly string[])[] => keyRows(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema, (title) => (title === 'request' ? 'shared.md#request' : undefined));
  const request = z.strictObject({ url: z.string() }).meta({ title: 'request' });

  test('say what a value is, and what it is without one', () => {
    const schema = z.strictObject({ many: z.array(z.string().meta({ title: 'address' })).default([]), one: z.union([z.enum(['a', 'b']), z.array(z.enum(['a', 'b']))]).describe('Either | or.'), size: z.int().min(1).max(9).default(3), on: z.boolean().optional(), any: z.json().optional() });
    expect(rowsOf(schema)).toEqual([
      ['`many`', 'list of addresses', '—', ''],
      ['`one`', '`a`, `b`, or a list of them', 'required', 'Either | or.'],
      ['`size`', 'whole number from 1 to 9', '`3`', ''],
      ['`on`', '`true`, `false`', '—', ''],
      ['`any`', 'any', '—', ''],
    ]);
  });

  test('hold the keys of nameless maps, and lead to those that have a section', () => {
    const schema = z.strictObject({ limits: z.strictObject({ per: z.string().default('1h') }).optional(), hooks: z.array(z.strictObject({ url: z.string() })), reload: z.union([z.array(z.string()), request]), named: z.record(z.string(), request) });
    expect(rowsOf(schema).map(([key, type, otherwise]) => [key, type, otherwise])).toEqual([
      ['`limits`', '{ per }', '—'],
      ['`limits.per`', 'text', '`1h`'],
      ['`hooks`', 'list of { url }', 'required'],
      ['`hooks[].url`', 'text', 'required'],
      ['`reload`', 'list of texts or [request](shared.md#request)', 'required'],
      ['`named.NAME`', '[request](shared.md#request)', 'required'],
    ]);
  });

  test('are refused where one title stands for two things', () => {
    const other = z.strictObject({ path: z.string() }).meta({ title: 'request' });
    expect(() => sectionsOf(z.toJSONSchema(z.strictObject({ a: request, b: other })) as JsonSchema)).toThrow('"request" is one thing at a and another at b');
  });
});

/** All files, and the parameters of each type of step. */
const { belay, rules, plans } = describedSchemas();
const everything: readonly JsonSchema[] = [belay, rules, ...formsOf(plans as JsonSchema).slice(0, 1), ...Object.values(stepParameterSchemas).map((schema) => z.toJSONSchema(schema, { io: 'input' }))].map((schema) => withoutReferences(schema as JsonSchema));

interface Key {
  readonly key: string;
  readonly at: string;
  readonly schema: JsonSchema;
}

function keysOf(schemas: readonly JsonSchema[], within = ''): readonly Key[] {
  return schemas.flatMap(formsOf).flatMap(({ properties = {}, items, additionalProperties }) => [
    ...Object.entries(properties).flatMap(([key, schema]): Key[] => [{ key, at: `${within}.${key}`, schema }, ...keysOf([schema], `${within}.${key}`)]),
    ...(items === undefined ? [] : keysOf([items], `${within}[]`)),
    ...(additionalProperties === undefined || additionalProperties === false ? [] : keysOf([additionalProperties], `${within}.NAME`)),
  ]);
}
