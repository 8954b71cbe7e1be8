/** How far something is: one live line on a terminal, a line at each quarter elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #live = false;
  readonly #told = new Map<string, number>();

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** `share` of what is named, 0 to 1. */
  show(name: string, share: number): void {
    const percent = Math.floor(Math.min(1, share) * 100);
    if (this.#stream.isTTY) {
      this.#live = true;
      const filled = Math.round(percent / 5);
      this.#stream.write(`\r\u001b[2K${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${String(percent).padStart(3)}%  ${name}`.slice(0, this.#stream.columns + 5));
      return;
    }
    const quarter = Math.floor(percent / 25);
    if (quarter <= (this.#told.get(name) ?? 0)) return;
    this.#told.set(name, quarter);
    this.#stream.write(`${name}: ${quarter * 25}%\n`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#stream.isTTY && this.#live) this.#stream.write('\r\u001b[2K');
    this.#live = false;
  }
}
