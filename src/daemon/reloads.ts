import { BelayError } from '../fault/belay-error.js';

/**
 * Runs reloads one after another. Those asked for while one has yet to begin share it: it will read the newest files
 * anyway, so a storm of signals costs two reloads.
 */
export class Reloads {
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;
  #ended = false;

  /** Rejects with what `reload` rejects with, and with BelayError `conflict` once ended. */
  ask(reload: () => Promise<void>): Promise<void> {
    if (this.#ended) return Promise.reject(new BelayError('conflict', 'Belay is stopping; the files are read at its next start'));
    this.#next ??= this.#after(reload);
    return this.#next;
  }

  /** Begins no further one, and waits for what was asked for. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  #after(reload: () => Promise<void>): Promise<void> {
    const turn = this.#running.then(() => {
      this.#next = undefined;
      return reload();
    });
    this.#running = turn.catch(() => undefined);
    return turn;
  }
}
