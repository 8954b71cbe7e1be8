import { errorText } from '../fault/belay-error.js';
import type { GuardStore } from '../guard/guard-store.js';
import type { StoreView } from '../http/guard-api.js';
import type { Clock } from '../time/clock.js';

const NAME = 'alive-at';
const EVERY_MS = 15_000;
/** A store that has come back is soon known to be back. */
const EVERY_MS_WHILE_LOST = 1_000;

/** Writes down again and again that the daemon lives, so that the next one knows for how long nobody was on guard. */
export class AliveMark {
  readonly #store: GuardStore;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #report: (error: unknown) => void;
  readonly #onChanged: () => void;
  #loop: Promise<void> | undefined;
  #state: StoreView = { state: 'ok' };

  /** `onChanged` hears that the store is lost, or back. */
  constructor(store: GuardStore, clock: Clock, report: (error: unknown) => void, onChanged: () => void = () => undefined) {
    this.#onChanged = onChanged;
    this.#store = store;
    this.#clock = clock;
    this.#report = report;
  }

  /** Whether the store took the last mark, and gave it back: as long as it does not, nothing can be decided or begun. */
  get storeState(): StoreView {
    return this.#state;
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
      await this.#clock.sleepUntil(this.#clock.now() + (this.#state.state === 'ok' ? EVERY_MS : EVERY_MS_WHILE_LOST), signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #mark(): Promise<void> {
    const was = this.#state;
    try {
      await this.#store.saveValue(NAME, String(this.#clock.now()));
      await this.#store.loadValue(NAME);
      this.#state = { state: 'ok' };
    } catch (error) {
      this.#state = { state: 'lost', since: was.state === 'lost' ? was.since : this.#clock.now(), message: errorText(error) };
      if (was.state === 'ok') this.#report(error);
    }
    if (was.state !== this.#state.state) this.#onChanged();
  }
}
