import { parseExposition } from '../../src/source/exposition.js';
import type { Observation } from '../../src/source/sample.js';
import { ScrapeMemory } from '../../src/source/scrape-memory.js';
import { evaluateSignal, windowOf } from '../../src/source/signal-window.js';
import type { Signal } from '../../src/source/signal.js';

/** Answers a signal at the last of the given instants from documents in the text format, as the scrape source would. */
export function answerFrom(documents: readonly (readonly [at: number, text: string])[], signal: Signal): Observation {
  const memory = new ScrapeMemory(60_000, { maxSeries: 1_000, maxSamples: 100_000 });
  memory.want(signal);
  for (const [at, text] of documents) {
    const read = parseExposition(text, { format: 'text', maxSamples: 1_000 });
    if ('problem' in read) throw new Error(`${read.problem} in ${text}`);
    const refused = memory.add(at, read.samples);
    if (refused !== undefined) throw new Error(refused.problem);
  }
  const at = documents.at(-1)?.[0] ?? 0;
  return evaluateSignal(signal, memory.window(at - windowOf(signal), at), at);
}
