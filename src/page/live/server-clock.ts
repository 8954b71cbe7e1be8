/**
 * The daemon's clock, as it was heard last and has gone on since: what the page says of times must not depend on the
 * clock of who looks.
 */
export class ServerClock {
  #heard: { readonly now: number; readonly atMs: number } | undefined;

  hear(now: number): void {
    this.#heard = { now, atMs: performance.now() };
  }

  /** Milliseconds since the epoch; `undefined` before the daemon has said anything. */
  get now(): number | undefined {
    return this.#heard === undefined ? undefined : this.#heard.now + performance.now() - this.#heard.atMs;
  }
}

export const serverClock = new ServerClock();
