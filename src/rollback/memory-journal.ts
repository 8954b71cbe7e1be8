import type { RollbackEvent } from './rollback-event.js';
import type { RollbackJournal } from './rollback-journal.js';

/** A journal for use without a store: complete, in order, and gone with the process. */
export class MemoryJournal implements RollbackJournal {
  readonly #events = new Map<string, RollbackEvent[]>();

  append(event: RollbackEvent): Promise<void> {
    const events = this.#events.get(event.executionId);
    if (events === undefined) this.#events.set(event.executionId, [structuredClone(event)]);
    else events.push(structuredClone(event));
    return Promise.resolve();
  }

  eventsOf(executionId: string): Promise<readonly RollbackEvent[]> {
    return Promise.resolve(structuredClone(this.#events.get(executionId) ?? []));
  }

  unfinished(): Promise<readonly string[]> {
    const ids = [...this.#events].filter(([, events]) => !events.some((event) => event.type === 'rollback-ended')).map(([id]) => id);
    return Promise.resolve(ids);
  }

  undosOf(executionId: string): Promise<readonly string[]> {
    const ids = [...this.#events].filter(([, [first]]) => first?.type === 'rollback-started' && first.undoes === executionId).map(([id]) => id);
    return Promise.resolve(ids);
  }
}
