import { describe, expect, it } from 'vitest';
import { belaySchema } from '../../src/config/belay-schema.js';
import { exportSchemas } from '../../src/config/export-schemas.js';

interface JsonSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items: JsonSchema;
  readonly anyOf: readonly JsonSchema[];
  readonly enum?: readonly string[];
}

describe('JSON Schemas', () => {
  const { belay, rules, plans } = exportSchemas() as unknown as Readonly<Record<'belay' | 'rules' | 'plans', JsonSchema>>;

  it('know every key of belay.yaml, and no other', () => {
    expect(Object.keys(belay.properties)).toEqual(Object.keys(belaySchema.shape));
    expect(belay.additionalProperties).toBe(false);
    expect(belay.required ?? []).toEqual([]);
  });

  it('describe what is written, not what is made of it', () => {
    expect(belay.properties['policy']?.properties['cooldown']).toMatchObject({ type: 'string', default: '30m' });
    expect(rules.properties['triggers']?.items.required).toEqual(['name']);
    expect(rules.properties['triggers']?.items.properties['onNoData']?.enum).toEqual(['hold', 'reset', 'breach']);
  });

  it('take one plan, a list, or plans: with a list', () => {
    const [one, list, file] = plans.anyOf;
    expect(one?.required).toEqual(['id', 'name', 'steps']);
    expect(list?.items.required).toEqual(one?.required);
    expect(file?.required).toEqual(['plans']);
  });
});
