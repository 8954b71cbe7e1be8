import { afterAll } from 'vitest';

const CLOSED_WITHIN_MS = 60_000;

export interface WorldOfFile {
  /** Closes it when the tests of the file are over, what was opened last first. */
  opened<T extends { stop(): Promise<void> }>(thing: T): T;
  closing(close: () => Promise<void> | void): void;
}

/** The real parts that all tests of a file share. */
export function worldOfFile(): WorldOfFile {
  const closers: (() => Promise<void> | void)[] = [];
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  }, CLOSED_WITHIN_MS);
  return {
    opened(thing) {
      closers.push(() => thing.stop());
      return thing;
    },
    closing: (close) => void closers.push(close),
  };
}
