import { get, type IncomingMessage } from 'node:http';

export interface ReadEvent {
  readonly name: string;
  readonly id: string;
  readonly data: unknown;
}

/** Reads server-sent events one after another. */
export class EventReader {
  readonly #chunks: AsyncIterator<string>;
  #text = '';

  private constructor(readonly response: IncomingMessage) {
    this.#chunks = response.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
  }

  static async open(url: string, token: string): Promise<EventReader> {
    return new EventReader(
      await new Promise((resolve, reject) => {
        get(url, { agent: false, headers: { authorization: `Bearer ${token}` } }, resolve).on('error', reject);
      }),
    );
  }

  /** Rejects when the stream ends first. */
  async next(): Promise<ReadEvent> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const fields = new Map(this.#text.slice(0, end).split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
        this.#text = this.#text.slice(end + 2);
        return { name: fields.get('event') ?? '', id: fields.get('id') ?? '', data: JSON.parse(fields.get('data') ?? 'null') };
      }
      const read = await this.#chunks.next();
      if (read.done === true) throw new Error('the stream has ended');
      this.#text += read.value;
    }
  }

  async ended(): Promise<void> {
    while ((await this.#chunks.next()).done !== true);
  }

  leave(): void {
    this.response.destroy();
  }
}
