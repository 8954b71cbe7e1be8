import { signalSchema } from '../executor/steps/check-schema.js';
import type { BelayPart } from './belay-part.js';
import { checkKnown } from './check-known.js';
import { checkQuery } from './check-query.js';
import { recordOf } from './check-schema.js';
import type { Path, Problem } from './problem.js';
import { conditionField } from './rules-schema.js';
import type { YamlDocument } from './yaml-document.js';

/** What the schema cannot see of a check, in a step or a verification. Texts with templates are known only when they are filled. */
export function checkCheck(document: YamlDocument, path: Path, data: unknown, belay: BelayPart | undefined): readonly Problem[] {
  const written = recordOf(data);
  const plain = (key: string): string | undefined => {
    const text = written[key];
    return typeof text === 'string' && !text.includes('${') ? text : undefined;
  };
  switch (written['type']) {
    case 'query': {
      const condition = conditionField.safeParse(written['condition']).data;
      const source = plain('source');
      return [
        ...checkKnown(document, [...path, 'source'], source, belay?.sources, 'source', 'belay.yaml'),
        ...checkQuery(document, path, {
          expr: plain('expr'),
          signal: signalSchema.safeParse(written['signal']).data,
          conditions: condition === undefined ? [] : [{ condition, path: [...path, 'condition'] }],
          sourceType: source === undefined ? undefined : belay?.sources?.get(source)?.type,
        }),
      ];
    }
    case 'alerts': {
      const source = plain('source');
      const type = source === undefined ? undefined : belay?.sources?.get(source)?.type;
      const known = [...(belay?.sources ?? [])].filter(([, declared]) => declared === undefined || declared.type === 'alertmanager').map(([name]) => name);
      return [
        ...checkKnown(document, [...path, 'source'], source, belay?.sources, 'source', 'belay.yaml'),
        ...(type !== undefined && type !== 'alertmanager' ? [document.problem([...path, 'source'], `"${source ?? ''}" is a ${type} source, and which alerts fire is asked of an Alertmanager`, { hint: 'name a source with type: alertmanager' })] : []),
        ...(written['source'] === undefined && belay?.sources !== undefined && known.length !== 1
          ? [document.problem(path, '"source" is missing', { hint: known.length === 0 ? 'there is no alertmanager source in belay.yaml' : `write one of ${known.join(', ')}` })]
          : []),
      ];
    }
    case 'health': {
      const target = plain('target');
      const declared = target === undefined ? undefined : belay?.targets?.get(target);
      return [
        ...checkKnown(document, [...path, 'target'], target, belay?.targets, 'target', 'belay.yaml'),
        ...(declared !== undefined && declared.health === undefined
          ? [document.problem([...path, 'target'], `the target "${target ?? ''}" has no health endpoint`, { hint: 'add "health" to it in belay.yaml' })]
          : []),
      ];
    }
    case 'backup': {
      const database = plain('database');
      const declared = database === undefined ? undefined : belay?.bindings.databases?.get(database);
      const lacking = declared?.type === 'command' && declared.checkBackup === undefined ? 'has no checkBackup, which alone can tell' : declared?.type === 'migrations' && declared.backups === 'none' ? 'is declared to have no backups' : undefined;
      return [
        ...checkKnown(document, [...path, 'database'], database, belay?.bindings.databases, 'database', '"databases" of belay.yaml'),
        ...checkKnown(document, [...path, 'target'], plain('target'), belay?.targets, 'target', 'belay.yaml'),
        ...(lacking === undefined ? [] : [document.problem([...path, 'database'], `the database "${database ?? ''}" ${lacking}`, { hint: 'declare it in belay.yaml' })]),
      ];
    }
    default:
      return [];
  }
}
