import { checkKnown } from './check-known.js';
import type { Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';
import type { WrittenTrigger } from './rules-schema.js';
import { severitiesOf, severityName } from './severities.js';

const compositeKeys = ['all', 'any', 'count'] as const;
/** What a composite leaves to its members. */
const keysOfMembers = ['source', 'expr', 'signal', 'alertmanager', 'alerts', 'confirm', 'condition', 'severities', 'trend', 'baseline', 'minTraffic', 'maxAlerts', 'onNoData', 'onError'] as const;

/** Which triggers a composite is about, and how many of them must fire; `undefined` for a trigger with a question of its own. */
export function membersOf({ all, any, count }: Pick<WrittenTrigger, 'all' | 'any' | 'count'>): { readonly of: readonly string[]; readonly atLeast: number } | undefined {
  if (all !== undefined) return { of: all, atLeast: all.length };
  return any === undefined ? count : { of: any, atLeast: 1 };
}

export function isComposite({ written }: TriggerPart): boolean {
  return compositeKeys.some((key) => written[key] !== undefined);
}

/** One composite by itself. */
export function checkComposite({ document, path, written, fields }: TriggerPart): readonly Problem[] {
  const [kind = 'all', second] = compositeKeys.filter((key) => written[key] !== undefined);
  const { of = [], atLeast = 0 } = membersOf(fields) ?? {};
  const listPath = [...path, ...(kind === 'count' ? ['count', 'of'] : [kind])];
  return [
    ...(second === undefined ? [] : [document.problem([...path, second], `"${kind}" and "${second}" exclude each other`, { atKey: true, hint: 'keep one, or make a trigger of each and put them together in a third' })]),
    ...keysOfMembers
      .filter((key) => written[key] !== undefined)
      .map((key) => document.problem([...path, key], `"${key}" has no place with "${kind}", which asks other triggers`, { atKey: true, hint: 'take it out' })),
    ...of.flatMap((name, index) => (of.indexOf(name) === index ? [] : [document.problem([...listPath, index], `"${name}" is there twice`)])),
    ...(atLeast > of.length ? [document.problem([...path, 'count', 'atLeast'], `${atLeast} of ${of.length} triggers can never fire`)] : []),
  ];
}

/** Composites among all triggers: whether their members are there, and none is a member of itself. */
export function checkComposites(triggers: readonly TriggerPart[], isComplete: boolean): readonly Problem[] {
  const byName = new Map(triggers.flatMap((part) => namesOf(part).map((name) => [name, part] as const)));
  return [...(isComplete ? triggers.flatMap((part) => checkMembers(part, byName)) : []), ...checkCircles(triggers, byName)];
}

/** A trigger with several severities goes by its own name, and by one for each of them. */
export function namesOf({ written, fields }: TriggerPart): readonly string[] {
  const { name } = written;
  return typeof name === 'string' ? [name, ...severitiesOf(fields).map(([severity]) => severityName(name, severity))] : [];
}

function memberPaths({ path, fields }: TriggerPart): readonly { readonly name: string; readonly at: readonly (string | number)[] }[] {
  const listPath = fields.all !== undefined ? ['all'] : fields.any !== undefined ? ['any'] : ['count', 'of'];
  return (membersOf(fields)?.of ?? []).map((name, index) => ({ name, at: [...path, ...listPath, index] }));
}

function checkMembers(part: TriggerPart, byName: ReadonlyMap<string, TriggerPart>): readonly Problem[] {
  return memberPaths(part).flatMap(({ name, at }) => checkKnown(part.document, at, name, byName, 'trigger', 'rules/'));
}

/** Each circle once, at the member that closes it. */
function checkCircles(triggers: readonly TriggerPart[], byName: ReadonlyMap<string, TriggerPart>): readonly Problem[] {
  const done = new Set<TriggerPart>();
  const problems: Problem[] = [];
  const visit = (part: TriggerPart, above: readonly TriggerPart[]): void => {
    const here = [...above, part];
    for (const { name, at } of memberPaths(part)) {
      const next = byName.get(name);
      if (next === undefined || done.has(next)) continue;
      if (!here.includes(next)) {
        visit(next, here);
        continue;
      }
      const circle = [...here.slice(here.indexOf(next)), next].map(({ written }) => String(written['name'])).join(' → ');
      problems.push(part.document.problem(at, `triggers are about each other in a circle: ${circle}`));
    }
    done.add(part);
  };
  for (const part of triggers) if (!done.has(part)) visit(part, []);
  return problems;
}
