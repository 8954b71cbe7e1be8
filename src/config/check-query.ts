import { isPattern } from '../source/alert-match.js';
import type { Condition } from '../source/condition.js';
import type { Labels } from '../source/sample.js';
import type { Signal } from '../source/signal.js';
import type { SourceSettings } from '../source/source-settings.js';
import { doubtfulCondition } from './condition-sense.js';
import type { Path, Problem } from './problem.js';
import { promqlAdvice } from './promql-advice.js';
import { readPromql } from './promql-syntax.js';
import type { YamlDocument } from './yaml-document.js';

/** A question to a source, as far as what is written of it is well. */
export interface WrittenQuery {
  readonly expr?: string | undefined;
  readonly signal?: Signal | undefined;
  /** What its answer is held against, and where that is written. */
  readonly conditions: readonly { readonly condition: Condition; readonly path: Path }[];
  /** Absent while it is not known. */
  readonly sourceType?: SourceSettings['type'] | undefined;
}

/** `path` is what `expr` and `signal` are keys of. */
export function checkQuery(document: YamlDocument, path: Path, { expr, signal, conditions, sourceType }: WrittenQuery): readonly Problem[] {
  return [
    ...(expr === undefined ? [] : checkExpr(document, [...path, 'expr'], expr, sourceType)),
    ...(signal === undefined ? [] : checkSignal(document, [...path, 'signal'], signal)),
    ...(signal === undefined
      ? []
      : conditions.flatMap(({ condition, path: at }) => {
          const doubt = doubtfulCondition(condition, { kind: 'signal', signal });
          return doubt === undefined ? [] : [document.problem(at, doubt.message, { hint: doubt.hint })];
        })),
  ];
}

/** `path` is where the expression itself stands. */
export function checkExpr(document: YamlDocument, path: Path, expr: string, sourceType: WrittenQuery['sourceType']): readonly Problem[] {
  if (sourceType === 'scrape') {
    return [document.problem(path, 'a scrape source answers signals, not PromQL', { atKey: true, hint: 'write signal: { type: …, metric: … } instead, or ask a prometheus source' })];
  }
  if (sourceType === 'alertmanager') {
    return [document.problem(path, 'an alertmanager source answers which alerts fire, not PromQL', { atKey: true, hint: 'write alerts: { match: { … } } instead, or ask a prometheus source' })];
  }
  const { tree, fault } = readPromql(expr);
  if (fault !== undefined) return [document.problemInText(path, fault.offset, fault.message, { hint: fault.hint })];
  const advice = promqlAdvice(expr, tree);
  return advice === undefined ? [] : [document.problemInText(path, advice.offset, advice.message, { hint: advice.hint, severity: 'warning' })];
}

const METRIC_NAME = /^[A-Za-z_:][\w:]*$/;
const LABEL_NAME = /^[A-Za-z_]\w*$/;

function checkSignal(document: YamlDocument, path: Path, signal: Signal): readonly Problem[] {
  const metrics = signal.type === 'saturation' ? { used: signal.used, limit: signal.limit } : { metric: signal.metric };
  const selectors: Record<string, Labels> = { select: signal.select };
  if (signal.type === 'errorRate') selectors['errors'] = signal.errors;
  if (signal.type === 'syncSuccess') selectors['successes'] = signal.successes;
  return [
    ...Object.entries(metrics).flatMap(([key, name]) =>
      METRIC_NAME.test(name) ? [] : [document.problem([...path, key], `"${name}" is not the name of a metric`, { hint: 'labels go under "select"' })],
    ),
    ...Object.entries(selectors).flatMap(([key, labels]) => checkSelector(document, [...path, key], labels)),
    ...['errors', 'successes'].flatMap((key) =>
      Object.keys(selectors[key] ?? { '': '' }).length > 0 ? [] : [document.problem([...path, key], `"${key}" selects everything`, { hint: 'name the labels, such as { status: "5.." }' })],
    ),
    ...('windowMs' in signal && signal.windowMs <= 0 ? [document.problem([...path, 'window'], '"window" must be longer than 0s')] : []),
  ];
}

function checkSelector(document: YamlDocument, path: Path, labels: Labels): readonly Problem[] {
  return Object.entries(labels).flatMap(([name, value]) => {
    const at = [...path, name];
    if (!LABEL_NAME.test(name)) return [document.problem(at, `"${name}" is not the name of a label`, { atKey: true })];
    return isPattern(value) ? [] : [document.problem(at, `"${value}" is not a regular expression`, { hint: 'put a backslash before characters that stand for themselves' })];
  });
}
