import type { Condition } from '../source/condition.js';
import { isOfBaseline } from './baseline-condition.js';
import type { WrittenSource } from './belay-schema.js';
import type { Path, Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';
import { doubtfulSeverities, severitiesOf } from './severities.js';
import { conditionsOf, doubtfulHysteresis } from './trigger-condition.js';

interface WrittenCondition {
  readonly condition: Condition;
  readonly path: Path;
}

/** What the values of a trigger are held against, and where it is written. */
export function writtenConditions({ path, fields }: TriggerPart): readonly WrittenCondition[] {
  const severities = severitiesOf(fields).map(([severity, condition]) => ({ condition, path: [...path, 'severities', severity] }));
  if (fields.condition === undefined) return severities;
  const { condition, clearCondition } = conditionsOf(fields.condition);
  const at = [...path, 'condition'];
  const both = clearCondition === undefined ? [{ condition, path: at }] : [{ condition, path: [...at, condition.comparison === '>' ? 'above' : 'below'] }];
  return [...both, ...severities];
}

/** Whether the conditions of one trigger fit together, and to its baseline and trend. */
export function checkConditions(part: TriggerPart, source: WrittenSource | undefined): readonly Problem[] {
  const { document, path, fields } = part;
  const hysteresis = fields.condition === undefined ? undefined : doubtfulHysteresis(conditionsOf(fields.condition));
  const severities = doubtfulSeverities(severitiesOf(fields));
  return [
    ...(hysteresis === undefined ? [] : [document.problem([...path, 'condition', 'clear'], hysteresis.message, { hint: hysteresis.hint })]),
    ...(severities === undefined ? [] : [document.problem([...path, 'severities', severities.severity], severities.message, { hint: severities.hint })]),
    ...checkBaseline(part, source),
    ...checkTrend(part),
  ];
}

function checkBaseline(part: TriggerPart, source: WrittenSource | undefined): readonly Problem[] {
  const { document, path, written } = part;
  const hasBaseline = written['baseline'] !== undefined;
  return [
    ...writtenConditions(part).flatMap(({ condition, path: at }) => {
      if (isOfBaseline(condition) === hasBaseline) return [];
      return hasBaseline
        ? [document.problem(at, `"${condition.text}" is no comparison with the baseline`, { hint: 'write a share of it, such as "> 150% of baseline"' })]
        : [document.problem(at, `"${condition.text}" needs a baseline`, { hint: 'add baseline: { offset: 1d, window: 1h }, or baseline: { before: change, window: 1h }' })];
    }),
    ...(hasBaseline && source?.type === 'scrape'
      ? [document.problem([...path, 'baseline'], 'a scrape source does not remember what was long ago', { atKey: true, hint: 'ask a prometheus source' })]
      : []),
  ];
}

function checkTrend(part: TriggerPart): readonly Problem[] {
  const { document, written } = part;
  if (written['trend'] === undefined) return [];
  return writtenConditions(part)
    .filter(({ condition: { comparison } }) => !comparison.startsWith('>'))
    .map(({ condition, path }) => document.problem(path, `what is rising leaves "${condition.text}" behind`, { hint: 'a trend goes with > or >=' }));
}
