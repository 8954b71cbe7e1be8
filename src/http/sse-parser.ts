export interface StreamEvent {
  readonly type: string;
  readonly id?: string | undefined;
  readonly data: string;
}

/** Reads server-sent events out of text that comes in pieces. Comments and other fields are passed over. */
export class SseParser {
  #rest = '';

  /** The events that this piece completes. */
  push(piece: string): readonly StreamEvent[] {
    const blocks = (this.#rest + piece).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.flatMap(eventOf);
  }
}

function eventOf(block: string): readonly StreamEvent[] {
  let type = 'message';
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') type = value;
    if (field === 'id') id = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? [] : [{ type, id, data: data.join('\n') }];
}
