import { BelayError, errorText } from '../fault/belay-error.js';

/**
 * What was thrown, as `String(error)` writes it, which is what the user's documents show as a step's error. Belay's own
 * errors read `Error: …` like any other.
 */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const name = error instanceof BelayError ? 'Error' : error.name;
  const text = errorText(error);
  return text === '' ? name : `${name}: ${text}`;
}

/** An error as it stands in the journal, without the name of its class, which tells people nothing. */
export function withoutClass(error: string): string {
  return error.replace(/^(?:[A-Za-z]*Error: )+/, '');
}
