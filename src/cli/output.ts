import { stripVTControlCharacters, styleText } from 'node:util';

type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** Writes for people on a terminal, and plainly everywhere else. stdout is the answer, stderr the talk. */
export class Output {
  readonly #colour: boolean;

  constructor(stream: { readonly isTTY?: boolean } = process.stdout, environment: NodeJS.ProcessEnv = process.env) {
    const noColour = environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== '';
    this.#colour = stream.isTTY === true && !noColour && environment['TERM'] !== 'dumb';
  }

  get colour(): boolean {
    return this.#colour;
  }

  style(style: Style, text: string): string {
    return this.#colour ? styleText(style, text, { validateStream: false }) : text;
  }

  answer(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.answer(JSON.stringify(value, undefined, 2));
  }

  talk(text: string): void {
    process.stderr.write(`${text}\n`);
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
