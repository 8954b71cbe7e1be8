import { createHash } from 'node:crypto';

/** Numbers that look random, and are the same wherever the same seed and name are given. */
export class Chance {
  readonly #name: string;
  #block = Buffer.alloc(0);
  #offset = 0;
  #blocks = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** In [0, 1). */
  next(): number {
    if (this.#offset >= this.#block.length) {
      this.#block = createHash('sha512').update(`${this.#name} ${this.#blocks}`).digest();
      this.#blocks += 1;
      this.#offset = 0;
    }
    const value = this.#block.readUInt32LE(this.#offset) / 2 ** 32;
    this.#offset += 4;
    return value;
  }

  /** A whole number from `from` up to and including `to`. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('there is nothing to pick from');
    return items[Math.floor(this.next() * items.length)] as T;
  }
}
