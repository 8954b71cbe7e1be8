import { errorText } from '../fault/belay-error.js';
import type { GuardStore } from '../guard/guard-store.js';
import type { Clock } from '../time/clock.js';

const NAME = 'alive-at';
const EVERY_MS = 15_000;

/** Writes down again and again that the daemon lives, so that the next one knows for how long nobody was on guard. */
export class AliveMark {
  readonly #store: GuardStore;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #report: (error: unknown) => void;
  #loop: Promise<void> | undefined;
  #fault: string | undefined;

  constructor(store: GuardStore, clock: Clock, report: (error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#report = report;
  }

  /** Why the store did not take the last mark: as long as it takes none, nothing can be decided or begun. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** For how long no daemon has been alive; `undefined` at the very first start. */
  async downForMs(): Promise<number | undefined> {
    const aliveAt = await this.#store.loadValue(NAME);
    return aliveAt === undefined ? undefined : Math.max(0, this.#clock.now() - Number(aliveAt));
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#mark();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#mark();
      await this.#clock.sleepUntil(this.#clock.now() + EVERY_MS, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #mark(): Promise<void> {
    try {
      await this.#store.saveValue(NAME, String(this.#clock.now()));
      this.#fault = undefined;
    } catch (error) {
      this.#fault = errorText(error);
      this.#report(error);
    }
  }
}
