import { suggestion } from '../config/closest-word.js';
import { checkWords, healthWords, type CheckWord, type HealthWord, type WorldChanges, type WrittenSeries } from './scenario.js';
import { parseSeries, type NotationProblem, type SeriesValue } from './series-notation.js';
import { parseLabels } from './series-selector.js';
import { parseWords } from './word-notation.js';

/** The names that the world of a scenario has, by what they stand for. */
export interface WorldNames {
  /** To the trigger that each name means. */
  readonly triggers: ReadonlyMap<string, string>;
  readonly queries: readonly string[];
  readonly series: readonly string[];
  readonly targets: readonly string[];
  readonly checks: readonly string[];
}

export interface ChangeProblem {
  readonly name: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/**
 * Reads what a step sets, by name: the values of a trigger (`Trigger` or `Trigger{pod="a"}` for one of its series), a
 * series or a query as the scenario writes it, the health of a target, or a check.
 */
export function parseWorldChanges(sets: Readonly<Record<string, string>>, names: WorldNames): { readonly changes: WorldChanges; readonly problems: readonly ChangeProblem[] } {
  const changes = {
    values: new Map<string, readonly WrittenSeries[]>(),
    queries: new Map<string, readonly WrittenSeries[]>(),
    series: new Map<string, readonly SeriesValue[]>(),
    health: new Map<string, readonly HealthWord[]>(),
    checks: new Map<string, readonly CheckWord[]>(),
  };
  const problems: ChangeProblem[] = [];
  for (const [name, text] of Object.entries(sets)) {
    const problem = readChange(name, text);
    if (problem !== undefined) problems.push({ name, ...problem });
  }
  return { changes, problems };

  function readChange(name: string, text: string): Omit<ChangeProblem, 'name'> | undefined {
    const kinds = [[...names.triggers.keys()], names.queries, names.series, names.targets, names.checks].filter((known) => known.includes(name));
    if (kinds.length > 1) return { message: `"${name}" stands for several things`, hint: 'rename one of them' };
    if (names.targets.includes(name)) return keep(changes.health, name, parseWords(text, healthWords));
    if (names.checks.includes(name)) return keep(changes.checks, name, parseWords(text, checkWords));
    if (names.series.includes(name)) return keep(changes.series, name, parseSeries(text));
    if (names.queries.includes(name)) {
      const answer = parseSeries(text);
      if ('problem' in answer) return { message: answer.problem };
      changes.queries.set(name, [{ labels: {}, points: answer }]);
      return undefined;
    }
    const [, trigger = name, labelsText = ''] = /^([^{]+)(\{.*\})$/.exec(name) ?? [];
    const labels = parseLabels(labelsText);
    const meant = names.triggers.get(trigger);
    if (meant === undefined || labels === undefined) {
      const known = [...names.triggers.keys(), ...names.queries, ...names.series, ...names.targets, ...names.checks];
      return { message: `"${name}" is neither a trigger nor a query, series, target or check of this scenario`, hint: suggestion(name, known, 'known') };
    }
    const points = parseSeries(text);
    if ('problem' in points) return { message: points.problem };
    changes.values.set(meant, [...(changes.values.get(meant) ?? []), { labels, points }]);
    return undefined;
  }
}

function keep<T>(into: Map<string, readonly T[]>, name: string, read: readonly T[] | NotationProblem): Omit<ChangeProblem, 'name'> | undefined {
  if (!('problem' in read)) {
    into.set(name, read);
    return undefined;
  }
  return { message: read.problem, hint: read.hint };
}
