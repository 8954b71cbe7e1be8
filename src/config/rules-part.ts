import { checkSchema, isRecord, listOf, recordOf, validFields } from './check-schema.js';
import type { Path, Problem } from './problem.js';
import { rulesSchema, triggerSchema, type WrittenTrigger } from './rules-schema.js';
import type { YamlDocument } from './yaml-document.js';

/** A trigger as it is written, and those of its fields that are well. */
export interface TriggerPart {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly target: string | undefined;
  readonly written: Readonly<Record<string, unknown>>;
  readonly fields: Partial<WrittenTrigger>;
  /** When all of it is well. */
  readonly value?: WrittenTrigger | undefined;
}

/** The triggers of one file of `rules/`. */
export function readRules(document: YamlDocument): { readonly triggers: readonly TriggerPart[]; readonly problems: readonly Problem[] } {
  if (document.data === undefined) return { triggers: [], problems: [document.problem([], 'the file is empty', { severity: 'warning' })] };
  const { problems } = checkSchema(rulesSchema, { document, path: [], data: document.data });
  const file = recordOf(document.data);
  const target = typeof file['target'] === 'string' ? file['target'] : undefined;
  const triggers = listOf(file['triggers']).flatMap((data, index): TriggerPart[] => {
    if (!isRecord(data)) return [];
    return [{ document, path: ['triggers', index], target, written: data, fields: validFields(triggerSchema, data), value: triggerSchema.safeParse(data).data }];
  });
  return { triggers, problems };
}
