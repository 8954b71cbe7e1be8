/** Collects a stream in bounded memory: its beginning and its end are kept, what lies between is counted. */
export class BoundedOutput {
  readonly #halfBytes: number;
  #head = Buffer.alloc(0);
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#halfBytes = Math.ceil(maxBytes / 2);
  }

  add(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    const room = this.#halfBytes - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    for (let first = this.#tail[0]; first !== undefined && this.#tailBytes - first.length >= this.#halfBytes; first = this.#tail[0]) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
  }

  get truncated(): boolean {
    return this.#totalBytes > 2 * this.#halfBytes;
  }

  text(): string {
    const tail = Buffer.concat(this.#tail);
    if (!this.truncated) return Buffer.concat([this.#head, tail]).toString('utf8');
    const kept = tail.subarray(-this.#halfBytes);
    const leftOutBytes = this.#totalBytes - this.#head.length - kept.length;
    return `${this.#head.toString('utf8')}\n[… ${leftOutBytes} bytes left out …]\n${kept.toString('utf8')}`;
  }
}
