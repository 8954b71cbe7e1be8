import { parseExposition } from '../source/exposition.js';
import type { Labels } from '../source/sample.js';

/** Reads `http_requests_total{status="500"}` as the exposition formats write it; `undefined` when it is none. */
export function parseSelector(text: string): { readonly metric: string; readonly labels: Labels } | undefined {
  if (text.includes('\n')) return undefined;
  const read = parseExposition(`${text} 0`, { format: 'text', maxSamples: 1 });
  const [sample] = 'problem' in read ? [] : read.samples;
  return sample === undefined ? undefined : { metric: sample.name, labels: sample.labels };
}

/** Reads `{pod="a", zone="b"}`, or the empty text and `{}` for no labels; `undefined` when it is none. */
export function parseLabels(text: string): Labels | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  return trimmed.startsWith('{') ? parseSelector(`x${trimmed}`)?.labels : undefined;
}
