import { stripVTControlCharacters, styleText } from 'node:util';
import type { StoryLine } from './demo-story.js';

const styles = { bad: 'red', working: 'yellow', good: 'green', plain: 'dim' } as const;

/** The demo's page: lines that stay, each with the seconds since the start, and on a terminal one live line below them. */
export class DemoTerminal {
  readonly #startedAt = performance.now();
  readonly #live: boolean;
  readonly #colour: boolean;
  #status = '';

  constructor(private readonly stream: NodeJS.WriteStream = process.stdout) {
    this.#live = stream.isTTY;
    this.#colour = stream.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  }

  line({ tone, text }: StoryLine): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(5);
    this.#above(`${this.#style('dim', `${seconds}s`)}  ${this.#style(styles[tone], text)}`);
  }

  heading(text: string): void {
    this.#above(`\n${this.#style('bold', text)}`);
  }

  text(text: string): void {
    this.#above(text);
  }

  /** What stands on the live line; not shown where the output is no terminal. */
  status(text: string): void {
    if (!this.#live) return;
    this.#status = text.length > this.stream.columns ? text.slice(0, this.stream.columns - 1) : text;
    this.stream.write(`\r\u001b[2K${this.#style('cyan', this.#status)}`);
  }

  clearStatus(): void {
    if (this.#live && this.#status !== '') this.stream.write('\r\u001b[2K');
    this.#status = '';
  }

  #above(text: string): void {
    const status = this.#status;
    this.clearStatus();
    this.stream.write(`${this.#colour ? text : stripVTControlCharacters(text)}\n`);
    if (status !== '') this.status(status);
  }

  #style(style: Parameters<typeof styleText>[0], text: string): string {
    return this.#colour ? styleText(style, text, { validateStream: false }) : text;
  }
}
