import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's libfaketime adds what a file says to the wall clock of a process. */
const library = readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`).find((path) => existsSync(path));

/** The wall clock of a process that is started with `environment`; its timers stay real, as they do when a clock is set. */
export class SettableClock {
  readonly #file: string;
  #hours = 0;

  /** The file that tells the hours is kept in `folder`. */
  constructor(folder: string) {
    this.#file = join(folder, 'clock-offset');
    this.set(0);
  }

  get environment(): Readonly<Record<string, string>> {
    if (library === undefined) throw new Error('libfaketime is missing: apt-get install --no-install-recommends libfaketime');
    return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: this.#file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  }

  /** Sets the clock forward, or (negative) back, from where it is. */
  set(hours: number): void {
    this.#hours += hours;
    // In one move, because the process may read it at any moment.
    writeFileSync(`${this.#file}.new`, `${this.#hours < 0 ? '' : '+'}${this.#hours}h`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
