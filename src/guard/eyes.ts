import type { CheckRunner } from '../source/check.js';
import type { Source } from '../source/source.js';

/** What the declarations are watched with: made anew with every configuration. */
export interface Eyes {
  /** By name, the target's own endpoints under `health`. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly checks: CheckRunner;
}
