import type { ServerResponse } from 'node:http';
import { BelayError } from '../fault/belay-error.js';
import type { Redactor } from '../secret/redactor.js';
import type { LiveApi, LiveEvent } from './live-api.js';

const MAX_STREAMS = 100;
/** Pings that a reader may be behind for: one that takes nothing for so long is gone, or might as well be. */
const MAX_PINGS_BEHIND = 6;

/** One reader. What it has not taken yet is one piece at most: of what comes meanwhile it gets the sum, as a new snapshot. */
interface Stream {
  readonly response: ServerResponse;
  /** Whether the reader may still read. */
  readonly isAllowed: () => boolean;
  pingsBehind: number;
  hasMissed: boolean;
}

/** All who read along: each change is written out once, and given to each of them. */
export class EventStreams {
  readonly #live: LiveApi;
  readonly #redactor: Redactor;
  readonly #streams = new Set<Stream>();
  #stopListening: (() => void) | undefined;
  /** Good until the next change is told: everything after it reaches whoever has got it. */
  #snapshot: string | undefined;

  constructor(live: LiveApi, redactor: Redactor) {
    this.#live = live;
    this.#redactor = redactor;
  }

  /** Throws BelayError `too-many-streams` where nobody else may read along. */
  mustHaveRoom(): void {
    if (this.#streams.size >= MAX_STREAMS) throw new BelayError('too-many-streams', `${MAX_STREAMS} read the events already, which is as many as may; close one, or try again later.`, { context: { limit: MAX_STREAMS } });
  }

  /**
   * Answers with a stream of events that ends when the reader goes, when it takes nothing any more, when it is no longer
   * allowed to read, or with `close`.
   */
  open(response: ServerResponse, headers: Readonly<Record<string, string | number | string[] | undefined>>, isAllowed: () => boolean): void {
    const stream: Stream = { response, isAllowed, pingsBehind: 0, hasMissed: false };
    this.#streams.add(stream);
    this.#stopListening ??= this.#live.listen((events) => this.#tell(events));
    response.once('close', () => this.#forget(stream));
    response.on('error', () => response.destroy());
    response.on('drain', () => this.#catchUp(stream));
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', connection: 'close', 'x-accel-buffering': 'no' });
    response.write(this.#snapshotNow());
  }

  /** Ends every stream at once. */
  close(): void {
    for (const stream of this.#streams) end(stream);
  }

  #tell(events: readonly LiveEvent[]): void {
    this.#snapshot = undefined;
    const piece = events.map((event) => this.#written(event)).join('');
    const isPing = events.every(({ name }) => name === 'ping');
    for (const stream of this.#streams) {
      if (!stream.isAllowed()) end(stream);
      else if (!stream.response.writableNeedDrain) {
        stream.pingsBehind = 0;
        stream.response.write(piece);
      } else if (!isPing) stream.hasMissed = true;
      else if (++stream.pingsBehind > MAX_PINGS_BEHIND) stream.response.destroy();
    }
  }

  #catchUp(stream: Stream): void {
    stream.pingsBehind = 0;
    if (!stream.hasMissed || stream.response.writableEnded) return;
    stream.hasMissed = false;
    stream.response.write(this.#snapshotNow());
  }

  #forget(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#snapshot = undefined;
  }

  #snapshotNow(): string {
    this.#snapshot ??= this.#written(this.#live.snapshot());
    return this.#snapshot;
  }

  #written({ name, seq, data }: LiveEvent): string {
    return `event: ${name}\nid: ${seq}\ndata: ${this.#redactor.json(data)}\n\n`;
  }
}

/** What a reader has not taken is not waited for. */
function end({ response }: Stream): void {
  if (response.writableNeedDrain) response.destroy();
  else response.end();
}
