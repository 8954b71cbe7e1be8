import { reaches } from './asked-levels.js';
import type { BelayPart } from './belay-part.js';
import { checkKnown } from './check-known.js';
import { placeOf } from './check-plans-together.js';
import { checkComposites, namesOf } from './composite.js';
import type { PlanPart } from './plans-part.js';
import type { Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';
import type { YamlDocument } from './yaml-document.js';

export interface RulesTogether {
  readonly documents: readonly YamlDocument[];
  readonly triggers: readonly TriggerPart[];
  readonly plans: readonly PlanPart[];
  readonly belay: BelayPart | undefined;
  readonly directory: string;
  /** Whether every file of rules, and of plans, could be read: otherwise nobody can say that something is missing. */
  readonly rulesComplete: boolean;
  readonly plansComplete: boolean;
}

/** What triggers are to each other, to the targets and to the plans. */
export function checkRulesTogether(together: RulesTogether): readonly Problem[] {
  const { documents, triggers, belay, rulesComplete, plansComplete } = together;
  return [
    ...documents.flatMap((document) => checkKnown(document, ['target'], (document.data as { target?: unknown } | null | undefined)?.target, belay?.targets, 'target', 'belay.yaml')),
    ...checkNames(together),
    ...checkComposites(triggers, rulesComplete),
    ...(plansComplete ? triggers.flatMap((trigger) => checkRange(trigger, together)) : []),
    ...(rulesComplete && belay !== undefined ? checkUnwatched(triggers, belay) : []),
  ];
}

function checkNames({ triggers, directory }: RulesTogether): readonly Problem[] {
  const firsts = new Map<string, TriggerPart>();
  return triggers.flatMap((trigger) => {
    const names = namesOf(trigger);
    const taken = names.find((name) => firsts.has(name));
    const first = firsts.get(taken ?? '');
    for (const name of names) if (!firsts.has(name)) firsts.set(name, trigger);
    if (taken === undefined || first === undefined) return [];
    const place = placeOf(first.document, [...first.path, 'name'], trigger.document, directory);
    return [trigger.document.problem([...trigger.path, 'name'], `another trigger has the name "${taken}" (${place})`, { hint: 'names are unique over all files' })];
  });
}

/** A trigger that shall act but has no plan to act with would only tell people, at three in the morning. */
function checkRange(trigger: TriggerPart, { plans, belay }: RulesTogether): readonly Problem[] {
  const { document, path, target, written, fields } = trigger;
  const { level, levels = level === undefined ? undefined : ([level, level] as const), response } = fields;
  if (levels === undefined || target === undefined || response === 'monitor' || belay?.targets?.has(target) === false) return [];
  const [from, to] = levels;
  if (from > to || plans.some((plan) => plan.written['target'] === target && plan.fields.level !== undefined && reaches(fields, plan.fields.level))) return [];
  const range = from === to ? `level ${from}` : `levels ${from}-${to}`;
  return [
    document.problem([...path, written['levels'] === undefined ? 'level' : 'levels'], `no plan for ${range} of ${target}`, {
      hint: `add a plan with target: ${target} and level: ${from}, or write response: monitor to tell people only`,
    }),
  ];
}

function checkUnwatched(triggers: readonly TriggerPart[], { document, targets }: BelayPart): readonly Problem[] {
  const watched = new Set(triggers.map(({ target }) => target));
  return [...(targets?.keys() ?? [])]
    .filter((target) => !watched.has(target))
    .map((target) => document.problem(['targets', target], `no trigger watches the target "${target}"`, { severity: 'warning', atKey: true, hint: `add rules/${target}.yaml with target: ${target}` }));
}
