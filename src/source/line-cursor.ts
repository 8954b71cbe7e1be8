/** A line that does not follow its format; the message says why. */
export class MalformedLine extends Error {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Reads one line of a larger text from left to right, without copying it and without looking back. */
export class LineCursor {
  readonly #text: string;
  readonly #end: number;
  #at: number;

  constructor(text: string, start: number, end: number) {
    this.#text = text;
    this.#at = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  rest(): string {
    return this.#text.slice(this.#at, this.#end);
  }

  startsWith(character: string): boolean {
    return !this.atEnd && this.#text[this.#at] === character;
  }

  /** Moves over the character if it is the next one. */
  take(character: string): boolean {
    if (!this.startsWith(character)) return false;
    this.#at += 1;
    return true;
  }

  expect(character: string): void {
    if (!this.take(character)) throw new MalformedLine(`expected ${JSON.stringify(character)} ${this.#before()}`);
  }

  skipBlanks(): boolean {
    const start = this.#at;
    while (!this.atEnd && isBlank(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#at > start;
  }

  /** Everything up to the next blank; may be empty. */
  word(): string {
    const start = this.#at;
    while (!this.atEnd && !isBlank(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  name(what: 'metric name' | 'label name'): string {
    const start = this.#at;
    while (!this.atEnd && isNameCharacter(this.#text.charCodeAt(this.#at), this.#at > start, what === 'metric name')) this.#at += 1;
    if (this.#at === start) throw new MalformedLine(`expected a ${what} ${this.#before()}`);
    return this.#text.slice(start, this.#at);
  }

  /** A quoted label value, unescaped; a backslash before anything but `\`, `"` and `n` stands for itself. */
  quoted(): string {
    this.expect('"');
    let value = '';
    let copiedTo = this.#at;
    for (; this.#at < this.#end; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) {
        value += this.#text.slice(copiedTo, this.#at);
        this.#at += 1;
        return value;
      }
      if (code !== BACKSLASH) continue;
      const escaped = this.#text[this.#at + 1];
      if (this.#at + 1 >= this.#end) break;
      if (escaped === '\\' || escaped === '"' || escaped === 'n') {
        value += this.#text.slice(copiedTo, this.#at) + (escaped === 'n' ? '\n' : escaped);
        copiedTo = this.#at + 2;
      }
      this.#at += 1;
    }
    throw new MalformedLine('a label value has no closing quote');
  }

  #before(): string {
    return this.atEnd ? 'before the end of the line' : `before ${JSON.stringify(this.#text.slice(this.#at, Math.min(this.#end, this.#at + 20)))}`;
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isNameCharacter(code: number, afterFirst: boolean, colons: boolean): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x5f ||
    (afterFirst && code >= 0x30 && code <= 0x39) ||
    (colons && code === COLON)
  );
}
