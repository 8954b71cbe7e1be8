import type { OneOrMore, RollbackContext, StepCondition, StepOutcome } from './rollback-plan.js';

/** `holds` is absent while a step that it depends on has not ended. `why` tells people what was found where it does not hold. */
export interface ConditionVerdict {
  readonly holds?: boolean | undefined;
  readonly why: string;
}

const met: ConditionVerdict = { holds: true, why: '' };

/** `outcomeOf` gives a step's outcome by its id, `undefined` while it has none. */
export function judgeCondition(condition: StepCondition, context: RollbackContext, outcomeOf: (stepId: string) => StepOutcome | undefined): ConditionVerdict {
  // Code without types may leave out what is empty.
  const { metadata = {} } = context as Partial<RollbackContext>;
  const { trigger, environment, level, labels = {}, rollbackPoint, steps = {}, any, not } = condition;
  const verdicts: ConditionVerdict[] = [];
  if (trigger !== undefined) verdicts.push(judge('trigger', context.trigger, trigger));
  if (environment !== undefined) verdicts.push(judge('environment', context.environment, environment));
  if (level !== undefined) verdicts.push(judge('level', metadata['level'], level));
  for (const [name, wanted] of Object.entries(labels)) verdicts.push(judge(`label ${name}`, ownValue(metadata['labels'], name), wanted));
  if (rollbackPoint !== undefined) verdicts.push(judge('rollback point', hasEntries(metadata['rollbackPoint']) ? 'present' : 'absent', rollbackPoint));
  for (const [id, wanted] of Object.entries(steps)) {
    const outcome = outcomeOf(id);
    verdicts.push(outcome === undefined ? { why: `step ${id} has not ended` } : judge(`step ${id}`, outcome, wanted));
  }
  if (any !== undefined) verdicts.push(anyOf(any.map((one) => judgeCondition(one, context, outcomeOf))));
  if (not !== undefined) verdicts.push(negated(judgeCondition(not, context, outcomeOf)));
  return verdicts.find(({ holds }) => holds === false) ?? verdicts.find(({ holds }) => holds === undefined) ?? met;
}

/** Every step id that a condition asks about. */
export function stepsAskedAbout({ steps = {}, any = [], not }: StepCondition): readonly string[] {
  return [...Object.keys(steps), ...any.flatMap(stepsAskedAbout), ...(not === undefined ? [] : stepsAskedAbout(not))];
}

function judge<T>(what: string, found: unknown, wanted: OneOrMore<T>): ConditionVerdict {
  const choice: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  if (choice.includes(found)) return met;
  return { holds: false, why: `${what} is ${found === undefined || found === null ? 'not known' : typeof found === 'string' ? found : JSON.stringify(found)}, not ${choice.map(String).join(' or ')}` };
}

function anyOf(verdicts: readonly ConditionVerdict[]): ConditionVerdict {
  const best = verdicts.find(({ holds }) => holds === true) ?? verdicts.find(({ holds }) => holds === undefined);
  return best ?? { holds: false, why: verdicts.map(({ why }) => why).join(', and ') };
}

function negated({ holds, why }: ConditionVerdict): ConditionVerdict {
  if (holds === undefined) return { why };
  return holds ? { holds: false, why: 'what is under "not" holds' } : met;
}

function ownValue(record: unknown, name: string): unknown {
  return typeof record === 'object' && record !== null && Object.hasOwn(record, name) ? (record as Record<string, unknown>)[name] : undefined;
}

function hasEntries(record: unknown): boolean {
  return typeof record === 'object' && record !== null && Object.keys(record).length > 0;
}
