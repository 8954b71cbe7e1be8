import { z } from 'zod';
import { belaySchema } from './belay-schema.js';
import { plansSchema } from './plan-schema.js';
import { rulesSchema } from './rules-schema.js';

export type ConfigSchemas = Readonly<Record<'belay' | 'rules' | 'plans', Readonly<Record<string, unknown>>>>;

/** JSON Schemas (draft 2020-12) of belay.yaml, of the files in `rules/` and of those in `plans/`, for editors: links of descriptions are named, for nothing could follow them there. */
export function exportSchemas(): ConfigSchemas {
  return withoutLinks(describedSchemas());
}

/** The same with descriptions as Markdown, whose links begin at the top of the repository. */
export function describedSchemas(): ConfigSchemas {
  return {
    belay: jsonSchema(belaySchema, 'belay.yaml'),
    rules: jsonSchema(rulesSchema, 'rules/*.yaml'),
    plans: jsonSchema(plansSchema, 'plans/*.yaml'),
  };
}

/** Of what is written, not of what is made of it. */
function jsonSchema(schema: z.ZodType, title: string): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(schema, { io: 'input' }), title };
}

function withoutLinks<T>(value: T): T {
  const named = (entry: unknown, key?: string): unknown => {
    if (typeof entry === 'string') return key === 'description' ? entry.replaceAll(/\[([^\]]+)\]\((docs\/[^)#]+)[^)]*\)/g, '$1 ($2)') : entry;
    if (Array.isArray(entry)) return entry.map((inner) => named(inner));
    return typeof entry === 'object' && entry !== null ? Object.fromEntries(Object.entries(entry).map(([name, inner]) => [name, named(inner, name)])) : entry;
  };
  return named(value) as T;
}
