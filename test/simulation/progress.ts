import { readFile, writeFile } from 'node:fs/promises';
import type { SeedOutcome } from './seed-outcome.js';

/** What is written down of a run that is taken up again and again: all seeds before `nextSeed` have been lived through. */
interface Kept {
  readonly nextSeed: number;
  readonly passed: number;
  readonly failed: readonly number[];
}

const nothingYet: Kept = { nextSeed: 1, passed: 0, failed: [] };

/** How far a run has come. Seeds may end in any order; one that was overtaken is lived through again after a restart. */
export class Progress {
  #kept: Kept;
  readonly #ahead = new Map<number, SeedOutcome>();

  constructor(kept: Kept) {
    this.#kept = kept;
  }

  static async in(file: string | undefined): Promise<Progress> {
    try {
      return new Progress(file === undefined ? nothingYet : (JSON.parse(await readFile(file, 'utf8')) as Kept));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Progress(nothingYet);
      throw error;
    }
  }

  get nextSeed(): number {
    return this.#kept.nextSeed;
  }

  /** Goes on from another seed than it has come to. */
  startFrom(nextSeed: number): void {
    this.#kept = { ...this.#kept, nextSeed };
  }

  note(outcome: SeedOutcome): void {
    this.#ahead.set(outcome.seed, outcome);
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      const { nextSeed, passed, failed } = this.#kept;
      this.#kept = { nextSeed: nextSeed + 1, passed: passed + (next.told === undefined ? 1 : 0), failed: next.told === undefined ? failed : [...failed, next.seed] };
    }
  }

  async save(file: string): Promise<void> {
    await writeFile(file, `${JSON.stringify(this.#kept)}\n`);
  }

  #take(): SeedOutcome | undefined {
    const outcome = this.#ahead.get(this.#kept.nextSeed);
    this.#ahead.delete(this.#kept.nextSeed);
    return outcome;
  }
}
