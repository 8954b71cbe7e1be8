import { errorText } from '../fault/belay-error.js';

/** What must be released at the end, last opened first. */
export class CloseStack {
  readonly #entries: { readonly name: string; readonly close: () => unknown }[] = [];

  add(name: string, close: () => unknown): void {
    this.#entries.push({ name, close });
  }

  /** Releases everything, whatever fails; rejects with all failures joined. A second call has nothing left to do. */
  async close(): Promise<void> {
    const failures: Error[] = [];
    for (const { name, close } of this.#entries.splice(0).reverse()) {
      try {
        await close();
      } catch (cause) {
        failures.push(new Error(`closing ${name}: ${errorText(cause)}`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '));
  }
}
