import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorText } from '../../fault/belay-error.js';

const READ_EVERY_MS = 250;

/**
 * A small file that is read again whenever it changes. It is compared by content, because a modification time is too
 * coarse for two writes in a row. A text that cannot be parsed leaves the last good value in place.
 */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  readonly #timer: NodeJS.Timeout;
  #text: string;
  #value: T;

  /** Throws when the first reading fails: there is no good value to fall back to. */
  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
    this.#text = readFileSync(path, 'utf8');
    this.#value = parse(this.#text);
    this.#timer = setInterval(() => void this.#readAgain(), READ_EVERY_MS);
  }

  get value(): T {
    return this.#value;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #readAgain(): Promise<void> {
    try {
      const text = await readFile(this.#path, 'utf8');
      if (text === this.#text) return;
      this.#text = text;
      this.#value = this.#parse(text);
      process.stderr.write(`shop: read ${this.#path} again\n`);
    } catch (error) {
      process.stderr.write(`shop: ${this.#path} stays as it was: ${errorText(error)}\n`);
    }
  }
}
