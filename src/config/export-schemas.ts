import { z } from 'zod';
import { belaySchema } from './belay-schema.js';
import { plansSchema } from './plan-schema.js';
import { rulesSchema } from './rules-schema.js';

export type ConfigSchemas = Readonly<Record<'belay' | 'rules' | 'plans', Readonly<Record<string, unknown>>>>;

/** JSON Schemas (draft 2020-12) of belay.yaml, of the files in `rules/` and of those in `plans/`, for editors. */
export function exportSchemas(): ConfigSchemas {
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
