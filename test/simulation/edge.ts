import type { Clock } from '../../src/time/clock.js';
import type { VirtualClock } from '../../src/time/virtual-clock.js';

/** A call whose caller is dead by now never comes back. */
export const never = new Promise<never>(() => undefined);

/** A kill that waits for the call at which it happens. */
interface ArmedKill {
  callsLeft: number;
  readonly side: 'before' | 'after';
  readonly kill: () => void;
}

/**
 * The edge between one life of the daemon and everything outside. Every call passes here, and at every call, before or
 * after it has had its effect, the life may end: then nothing comes back over the edge, and nothing goes out any more.
 */
export class Edge {
  #isAlive = true;
  readonly #armed: ArmedKill[] = [];
  /** Writes reach a disk one after another. */
  #writing: Promise<unknown> = Promise.resolve();

  /** Not a getter: it may change over every await. */
  isAlive(): boolean {
    return this.#isAlive;
  }

  die(): void {
    this.#isAlive = false;
  }

  /** Ends the life at a call that is still to come. */
  arm(calls: number, side: 'before' | 'after', kill: () => void): void {
    this.#armed.push({ callsLeft: calls, side, kill });
  }

  async call<T>(work: () => T | Promise<T>): Promise<T> {
    if (!this.isAlive()) return never;
    const due = this.#count();
    if (due?.side === 'before') {
      due.kill();
      return never;
    }
    try {
      const result = await work();
      if (due !== undefined && this.isAlive()) due.kill();
      return this.isAlive() ? result : await never;
    } catch (error) {
      if (!this.isAlive()) return never;
      throw error;
    }
  }

  /** A call that waits for the writes before it. */
  write<T>(work: () => T | Promise<T>): Promise<T> {
    return this.call(() => {
      const written = this.#writing.then(() => (this.isAlive() ? work() : never));
      this.#writing = written.catch(() => undefined);
      return written;
    });
  }

  /** The daemon's own clock, which may be wrong by `offsetMs`, but never runs at another pace. */
  clock(world: VirtualClock, offsetMs: () => number): Clock {
    return {
      now: () => world.now() + offsetMs(),
      elapsedMs: () => world.now(),
      sleepUntil: async (at, signal) => {
        if (!this.isAlive()) return never;
        const leftMs = at - (world.now() + offsetMs());
        try {
          await world.sleepUntil(world.now() + leftMs, signal);
        } catch (error) {
          if (!this.isAlive()) return never;
          throw error;
        }
        return this.isAlive() ? undefined : never;
      },
    };
  }

  #count(): ArmedKill | undefined {
    for (const armed of this.#armed) armed.callsLeft -= 1;
    const index = this.#armed.findIndex(({ callsLeft }) => callsLeft < 0);
    return index === -1 ? undefined : this.#armed.splice(index, 1)[0];
  }
}
