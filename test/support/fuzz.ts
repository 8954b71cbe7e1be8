import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect } from 'vitest';

/** What is fuzzed; `test/fuzz/corpus/KIND/` has the cases that have found something. */
export type FuzzKind = 'configuration' | 'exposition' | 'prometheus' | 'webhook' | 'slack' | 'api';

const wantedCases = process.env['BELAY_FUZZ'] === undefined ? undefined : Number(process.env['BELAY_FUZZ']);
const LONG_RUN_MS = 3_600_000;
/** The first of this many parts of a run fills caches and compiles code; what is held after it should stay level. */
const PARTS = 5;
/** Far less than 100,000 cases take when a kilobyte of each is kept. */
const MOST_GROWTH_BYTES = 32 * 1024 * 1024;

/** How long a test may take that calls `expectAlways`. */
export const fuzzTimeout = wantedCases === undefined ? 60_000 : LONG_RUN_MS + 60_000;

/**
 * Tries a property with `few` cases in `npm test`; with `BELAY_FUZZ=100000` with so many, or as many as an hour holds, and
 * says how many. Each run takes cases of its own, and tells the seed of what fails. What is held in memory after the last
 * case must be what was held after the first part of them.
 */
export async function expectAlways<Ts>(kind: FuzzKind, property: fc.IAsyncProperty<Ts> | fc.IProperty<Ts>, few: number): Promise<void> {
  const cases = wantedCases ?? few;
  const startedMs = performance.now();
  const tried = async (numRuns: number): Promise<number> => {
    const leftMs = LONG_RUN_MS - (performance.now() - startedMs);
    const limit = wantedCases === undefined ? {} : { interruptAfterTimeLimit: leftMs, markInterruptAsFailure: false };
    const details = await fc.check(property as fc.IAsyncProperty<Ts>, { numRuns, ...limit });
    if (details.failed) throw new Error(await fc.asyncDefaultReportMessage(details), { cause: details.errorInstance });
    return details.numRuns;
  };
  const warmedUp = await tried(Math.ceil(cases / PARTS));
  const before = heldBytes();
  const rest = await tried(cases - Math.ceil(cases / PARTS));
  const growth = heldBytes() - before;
  if (wantedCases !== undefined) {
    const perSecond = (warmedUp + rest) / ((performance.now() - startedMs) / 1_000);
    process.stdout.write(`fuzz: ${kind}: ${warmedUp + rest} cases, ${perSecond.toFixed(0)} per second, ${(growth / 1024 / 1024).toFixed(1)} MiB more held\n`);
  }
  expect(growth, 'bytes held after the last case, beyond those after the first part').toBeLessThan(MOST_GROWTH_BYTES);
}

let collect: (() => void) | undefined;
function heldBytes(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A message that is as it should be but for one place, anywhere in it: that is gone, or is something else. */
export function withOneReplaced(message: unknown): fc.Arbitrary<unknown> {
  const text = JSON.stringify(message);
  const places = placesOf(JSON.parse(text) as Json);
  const other = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>('', 0, -1, 1e308, 2 ** 53, null, [], {}, '\u0000', '\ud800', '9999-99-99T99:99:99Z', 'x'.repeat(10_000)));
  return fc.tuple(fc.constantFrom(...places), fc.option(other, { nil: undefined })).map(([place, value]) => {
    const copy = JSON.parse(text) as Record<string, unknown>;
    const holder = place.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, copy);
    const last = place.at(-1) ?? '';
    if (value === undefined) Reflect.deleteProperty(holder, last);
    else holder[last] = value;
    return copy;
  });
}

function placesOf(value: Json): readonly (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...placesOf(inner).map((rest) => [key, ...rest])]);
}

/** The texts of the corpus, by file. */
export function corpus(kind: FuzzKind): readonly (readonly [file: string, text: string])[] {
  const folder = join(import.meta.dirname, '../fuzz/corpus', kind);
  return existsSync(folder) ? readdirSync(folder).sort().map((file) => [file, readFileSync(join(folder, file), 'utf8')] as const) : [];
}
