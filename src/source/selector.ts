import type { Labels } from './sample.js';
import type { Selector } from './signal.js';

const PATTERN_CHARACTERS = /[.*+?^$()[\]{}|\\]/;

/** Whether a selector's value is a regular expression, to be matched against the whole label, rather than a plain value. */
export function isPattern(value: string): boolean {
  return PATTERN_CHARACTERS.test(value);
}

/** A predicate over label sets, as Prometheus matches: a label that is missing is an empty one. */
export function compileSelector(selector: Selector): ((labels: Labels) => boolean) | { readonly problem: string } {
  const tests: ((labels: Labels) => boolean)[] = [];
  for (const [label, value] of Object.entries(selector)) {
    if (!isPattern(value)) {
      tests.push((labels) => labelOf(labels, label) === value);
      continue;
    }
    try {
      const pattern = new RegExp(`^(?:${value})$`, 's');
      tests.push((labels) => pattern.test(labelOf(labels, label)));
    } catch {
      return { problem: `"${value}", wanted of the label ${label}, is not a regular expression` };
    }
  }
  return (labels) => tests.every((test) => test(labels));
}

function labelOf(labels: Labels, label: string): string {
  return Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';
}
