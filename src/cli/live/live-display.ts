import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../output.js';
import { visibleText } from '../visible-text.js';

/** Something that changes, for people: redrawn in place on a terminal; elsewhere each line is written when it is new. */
export interface LiveDisplay {
  /** Whether `show` takes the place of what it showed before. */
  readonly redraws: boolean;
  show(lines: readonly string[]): void;
  /** Writes lines below what is there already. */
  append(lines: readonly string[]): void;
  /** Gives the terminal back, with the last state on it. */
  close(): void;
}

export function liveDisplay(output: Output, stream: NodeJS.WriteStream = process.stdout): LiveDisplay {
  return stream.isTTY ? new Screen(output, stream) : new AppendedLines(output);
}

const OTHER_SCREEN = '\u001b[?1049h\u001b[?25l';
const FIRST_SCREEN = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Draws on the terminal's other screen, so that what stood there before comes back. */
class Screen implements LiveDisplay {
  readonly redraws = true;
  readonly #output: Output;
  readonly #stream: NodeJS.WriteStream;
  readonly #redraw = (): void => this.#draw();
  #lines: readonly string[] = [];

  constructor(output: Output, stream: NodeJS.WriteStream) {
    this.#output = output;
    this.#stream = stream;
    stream.write(OTHER_SCREEN);
    stream.on('resize', this.#redraw);
  }

  show(lines: readonly string[]): void {
    this.#lines = lines.flatMap((line) => visibleText(line, this.#output.colour).split('\n'));
    this.#draw();
  }

  append(lines: readonly string[]): void {
    this.show([...this.#lines, ...lines]);
  }

  close(): void {
    this.#stream.off('resize', this.#redraw);
    this.#stream.write(FIRST_SCREEN);
    if (this.#lines.length > 0) this.#stream.write(`${this.#lines.join('\n')}\n`);
  }

  #draw(): void {
    const { columns, rows } = this.#stream;
    const room = rows - 1;
    const shown = this.#lines.length > room ? [...this.#lines.slice(0, room - 1), `… ${this.#lines.length - room + 1} more lines`] : this.#lines;
    this.#stream.write(`${HOME}${shown.map((line) => `${fitted(line, columns)}${CLEAR_LINE}`).join('\r\n')}\r\n${CLEAR_BELOW}`);
  }
}

/** A line that is longer than the terminal is wide would push the others down; it loses its colours and its end. */
function fitted(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : `${plain.slice(0, columns - 1)}…`;
}

class AppendedLines implements LiveDisplay {
  readonly redraws = false;
  readonly #output: Output;
  #last: readonly string[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  show(lines: readonly string[]): void {
    const known = new Set(this.#last);
    this.append(lines.filter((line) => !known.has(line)));
    this.#last = lines;
  }

  append(lines: readonly string[]): void {
    for (const line of lines) this.#output.answer(line);
  }

  close(): void {
    // Everything is written already.
  }
}
