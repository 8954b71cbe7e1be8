import { useEffect, useReducer, useRef } from 'preact/hooks';

/** Frames do not come while nobody looks at the page, whose title must change all the same. */
const LONGEST_DELAY_MS = 250;

/** A value that changes, and who wants to hear of it. Changes within one frame are told once. */
export class Store<T> {
  #value: T;
  #isDue = false;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  change(next: (value: T) => T): void {
    const before = this.#value;
    this.#value = next(before);
    if (this.#value === before || this.#isDue) return;
    this.#isDue = true;
    const tell = (): void => {
      if (!this.#isDue) return;
      this.#isDue = false;
      for (const listener of [...this.#listeners]) listener();
    };
    requestAnimationFrame(tell);
    setTimeout(tell, LONGEST_DELAY_MS);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** What `select` makes of the store's value; the component is drawn again only when that is another. */
export function useStore<T, Part>(store: Store<T>, select: (value: T) => Part): Part {
  const [, drawAgain] = useReducer((count: number) => count + 1, 0);
  const selected = select(store.value);
  const latest = useRef({ select, selected });
  latest.current = { select, selected };
  useEffect(() => {
    const look = (): void => {
      const { select: wanted, selected: shown } = latest.current;
      if (!Object.is(wanted(store.value), shown)) drawAgain(undefined);
    };
    look();
    return store.subscribe(look);
  }, [store]);
  return selected;
}
