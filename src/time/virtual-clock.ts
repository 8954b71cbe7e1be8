import type { Clock } from './clock.js';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  /** Absent once it has been woken or aborted. */
  wake: (() => void) | undefined;
}

/**
 * A clock without timers, for running the product's own loops through a day in a moment. Time moves only in `advanceTo`:
 * sleepers wake one by one, by their instants and then in the order in which they fell asleep, and everything that a
 * waking sets going runs to its end before the next one wakes. The same calls give the same run.
 */
export class VirtualClock implements Clock {
  #now: number;
  #sleepers = new SleeperQueue();
  readonly #outside = new Set<Promise<unknown>>();

  constructor(startAt: number) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  elapsedMs(): number {
    return this.#now;
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      if (at <= this.#now) {
        resolve();
        return;
      }
      const sleeper = this.#sleepers.add(at);
      const onAbort = (): void => {
        sleeper.wake = undefined;
        reject(signal?.reason as Error);
      };
      sleeper.wake = () => {
        sleeper.wake = undefined;
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Real work that virtual time has to wait for, such as a question to a real server: the clock stands still until it has settled. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#outside.add(work);
    try {
      return await work;
    } finally {
      this.#outside.delete(work);
    }
  }

  /** Moves on to an instant, everything at that instant included. Must not be called again before it has resolved. */
  async advanceTo(at: number): Promise<void> {
    await this.#wakeAll((sleeperAt) => sleeperAt <= at);
    this.#now = Math.max(this.#now, at);
  }

  /** Moves on to an instant; who sleeps until it is not woken yet. */
  async advanceJustBefore(at: number): Promise<void> {
    await this.#wakeAll((sleeperAt) => sleeperAt < at);
    this.#now = Math.max(this.#now, at);
  }

  async #wakeAll(isDue: (at: number) => boolean): Promise<void> {
    await this.#settle();
    for (let next = this.#sleepers.takeIf(isDue); next !== undefined; next = this.#sleepers.takeIf(isDue)) {
      this.#now = Math.max(this.#now, next.at);
      next.wake?.();
      await this.#settle();
    }
  }

  /** Whoever sleeps now never wakes: what a process leaves behind when it is killed. */
  forgetSleepers(): void {
    this.#sleepers = new SleeperQueue();
  }

  /** Promises alone never take more than one turn of the event loop, however long their chain is. */
  async #settle(): Promise<void> {
    await nextTurn();
    while (this.#outside.size > 0) {
      await Promise.allSettled(this.#outside);
      await nextTurn();
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A binary heap by instant, then by order of arrival. */
class SleeperQueue {
  readonly #heap: Sleeper[] = [];
  #added = 0;

  add(at: number): Sleeper {
    const sleeper: Sleeper = { at, order: this.#added++, wake: undefined };
    const heap = this.#heap;
    let index = heap.push(sleeper) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(sleeper, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = sleeper;
    return sleeper;
  }

  /** Takes out the first that still sleeps, if it is due. */
  takeIf(isDue: (at: number) => boolean): Sleeper | undefined {
    for (let first = this.#heap[0]; first !== undefined && isDue(first.at); first = this.#heap[0]) {
      this.#removeFirst();
      if (first.wake !== undefined) return first;
    }
    return undefined;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let smaller = heap[child];
      if (smaller === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, smaller)) [child, smaller] = [child + 1, right];
      if (!isBefore(smaller, last)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Sleeper, b: Sleeper): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
