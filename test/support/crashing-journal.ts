import type { MemoryJournal, RollbackEvent, RollbackJournal } from '../../src/index.js';

/**
 * A journal whose process dies at its n-th write: that write is lost (`before`) or made (`after`), and no later one
 * succeeds. What was written stays in `disk`, for the next process.
 */
export class CrashingJournal implements RollbackJournal {
  #writes = 0;

  constructor(
    readonly disk: MemoryJournal,
    private readonly crashAtWrite: number,
    private readonly when: 'before' | 'after',
  ) {}

  get writes(): number {
    return this.#writes;
  }

  async append(event: RollbackEvent): Promise<void> {
    this.#writes += 1;
    if (this.#writes < this.crashAtWrite || (this.#writes === this.crashAtWrite && this.when === 'after')) await this.disk.append(event);
    if (this.#writes >= this.crashAtWrite) throw new Error('the process has died');
  }

  eventsOf(executionId: string): Promise<readonly RollbackEvent[]> {
    return this.disk.eventsOf(executionId);
  }

  unfinished(): Promise<readonly string[]> {
    return this.disk.unfinished();
  }

  undosOf(executionId: string): Promise<readonly string[]> {
    return this.disk.undosOf(executionId);
  }
}
