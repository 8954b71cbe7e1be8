import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is fuzzed; `test/fuzz/corpus/KIND/` has the cases that have found something. */
export type FuzzKind = 'configuration' | 'exposition' | 'prometheus' | 'webhook' | 'slack' | 'api';

const SECONDS_A_PROPERTY = 900;

/**
 * How many cases a property is tried with: `few` in `npm test`; with `BELAY_FUZZ=100000` so many, or as many as a quarter
 * of an hour holds. Each run takes cases of its own, and tells the seed of what fails.
 */
export function fuzzRuns(few: number): { readonly numRuns: number; readonly interruptAfterTimeLimit?: number; readonly markInterruptAsFailure?: boolean } {
  const wanted = process.env['BELAY_FUZZ'];
  return wanted === undefined ? { numRuns: few } : { numRuns: Number(wanted), interruptAfterTimeLimit: SECONDS_A_PROPERTY * 1_000, markInterruptAsFailure: false };
}

/** How long a test may take that is given `fuzzRuns`. */
export const fuzzTimeout = process.env['BELAY_FUZZ'] === undefined ? 60_000 : (SECONDS_A_PROPERTY + 60) * 1_000;

/** The texts of the corpus, by file. */
export function corpus(kind: FuzzKind): readonly (readonly [file: string, text: string])[] {
  const folder = join(import.meta.dirname, '../fuzz/corpus', kind);
  return existsSync(folder) ? readdirSync(folder).sort().map((file) => [file, readFileSync(join(folder, file), 'utf8')] as const) : [];
}
