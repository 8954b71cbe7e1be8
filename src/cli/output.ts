import { once } from 'node:events';
import { stripVTControlCharacters, styleText } from 'node:util';
import { visibleJson, visibleText } from './visible-text.js';

type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** Writes for people on a terminal, and plainly everywhere else. stdout is the answer, stderr the talk. */
export class Output {
  readonly #colour: boolean;

  constructor(stream: { readonly isTTY?: boolean } = process.stdout, environment: NodeJS.ProcessEnv = process.env) {
    const [noColour = '', forced = ''] = [environment['NO_COLOR'], environment['FORCE_COLOR']];
    const wantsColour = forced === '' ? stream.isTTY === true && environment['TERM'] !== 'dumb' : forced !== '0' && forced !== 'false';
    // Who sets both means the stricter of them.
    this.#colour = wantsColour && noColour === '';
  }

  get colour(): boolean {
    return this.#colour;
  }

  style(style: Style, text: string): string {
    return this.#colour ? styleText(style, text, { validateStream: false }) : text;
  }

  answer(text: string): void {
    process.stdout.write(`${visibleText(text, this.#colour)}\n`);
  }

  /** What was done: a sentence for people, data for scripts that asked for it. */
  done({ json }: { readonly json?: boolean | undefined }, text: string, value: unknown): void {
    if (json === true) this.json(value);
    else this.answer(text);
  }

  json(value: unknown): void {
    process.stdout.write(`${visibleJson(JSON.stringify(value, undefined, 2))}\n`);
  }

  /** One value on one line, for what goes on. */
  jsonLine(value: unknown): void {
    process.stdout.write(`${visibleJson(JSON.stringify(value))}\n`);
  }

  /** The same, no faster than it is read. */
  async writeLine(value: unknown): Promise<void> {
    if (!process.stdout.write(`${visibleJson(JSON.stringify(value))}\n`) && !process.stdout.destroyed) await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]);
  }

  talk(text: string): void {
    process.stderr.write(`${visibleText(text, this.#colour)}\n`);
  }

  /** Columns as wide as their widest cell, two spaces apart. */
  table(rows: readonly (readonly string[])[]): string {
    const widths: number[] = [];
    for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell))));
    return rows.map((row) => row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell))).join('  ').trimEnd()).join('\n');
  }
}

function visibleLength(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}
