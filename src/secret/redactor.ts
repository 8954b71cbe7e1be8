const SHORTEST_SECRET = 4;

/**
 * Knows every secret that was read, and blanks it out of whatever leaves the process: logs, errors, journal entries,
 * messages, API answers. Values shorter than four characters are not blanked, because they would garble ordinary text;
 * `belay check` warns of them.
 */
export class Redactor {
  readonly #secrets = new Set<string>();
  readonly #open = new Set<string>();
  /** What to look for, made anew when a set has changed: a longer secret before one that it holds. */
  #longestFirst: readonly string[] | undefined;

  add(secret: string): void {
    if (secret.length < SHORTEST_SECRET) return;
    this.#secrets.add(secret);
    // The same value as it stands inside a URL or a JSON string is the same secret.
    this.#secrets.add(encodeURIComponent(secret));
    this.#secrets.add(JSON.stringify(secret).slice(1, -1));
    this.#longestFirst = undefined;
  }

  /** Says that a value is no secret, whoever else may call it one: a path or an address that people are meant to read. */
  allow(value: string): void {
    this.#open.add(value);
    this.#longestFirst = undefined;
  }

  text(text: string): string {
    this.#longestFirst ??= [...this.#secrets].filter((secret) => !this.#open.has(secret)).sort((a, b) => b.length - a.length);
    let clean = text;
    for (const secret of this.#longestFirst) clean = clean.replaceAll(secret, '[redacted]');
    return clean;
  }

  /** A deep copy of plain data with every string, keys included, cleaned. Instants (`Date`) stay as they are. */
  data<T>(value: T): T {
    return this.#secrets.size === 0 ? value : (this.#clean(value) as T);
  }

  /** Plain data as JSON, cleaned. */
  json(value: unknown): string {
    const text = JSON.stringify(value);
    // Each secret is known as it stands in a JSON string, too: where none is found, there is nothing to clean.
    return this.text(text) === text ? text : JSON.stringify(this.data(value));
  }

  #clean(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#clean(item));
    if (value === null || typeof value !== 'object' || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#clean(item)]));
  }
}
