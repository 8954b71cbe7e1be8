import type { Labels } from './sample.js';

/** One condition on a label of an alert, as Alertmanager's own matchers are. A label that is not there counts as empty. */
export interface AlertMatcher {
  readonly name: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

const OPERATOR = /^(!=|=~|!~)\s*/;

/** `page` is that very value; `=~page|ticket`, `!=info` and `!~dev.*` mean what they do in Alertmanager, regular expressions anchored. */
export function parseAlertMatch(match: Labels): readonly AlertMatcher[] {
  return Object.entries(match).map(([name, written]): AlertMatcher => {
    const operator = OPERATOR.exec(written);
    if (operator === null) return { name, operator: '=', value: written };
    return { name, operator: operator[1] as AlertMatcher['operator'], value: written.slice(operator[0].length) };
  });
}

const patterns = new Map<string, RegExp>();

export function matchesAlert(matchers: readonly AlertMatcher[], labels: Labels): boolean {
  return matchers.every(({ name, operator, value }) => {
    const own = labels[name] ?? '';
    switch (operator) {
      case '=':
        return own === value;
      case '!=':
        return own !== value;
      case '=~':
        return patternOf(value).test(own);
      case '!~':
        return !patternOf(value).test(own);
      default:
        return operator satisfies never;
    }
  });
}

/** `severity="page", alertname=~"Checkout.*"`, as Alertmanager shows and takes them. */
export function matcherText({ name, operator, value }: AlertMatcher): string {
  return `${name}${operator}"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** Patterns come from the files, so that there are few of them. */
function patternOf(value: string): RegExp {
  const known = patterns.get(value) ?? new RegExp(`^(?:${value})$`, 's');
  patterns.set(value, known);
  return known;
}

/** Whether a text is a regular expression here. */
export function isPattern(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`);
    return true;
  } catch {
    return false;
  }
}
