import type { Config } from '../config/config.js';
import { createSources } from '../source/create-sources.js';
import type { Signal } from '../source/signal.js';
import type { Source } from '../source/source.js';

interface Pooled {
  readonly settings: string;
  readonly source: Source;
}

/** The sources of the configuration in use. One whose settings stay the same is kept, with all that it remembers. */
export class SourcePool {
  #pooled: ReadonlyMap<string, Pooled> = new Map();

  /** The sources of a configuration, and how to close those that it does not use any more. */
  use({ sources, health, sharedFate, triggers, verifications }: Config): { readonly sources: ReadonlyMap<string, Source>; readonly closeUnused: () => Promise<void> } {
    const signals = signalsBySource({ triggers, verifications });
    const before = this.#pooled;
    const made = createSources(sources, health, { signals, sharedFate });
    const next = new Map<string, Pooled>();
    const unused: Source[] = [];
    for (const [name, source] of made) {
      const settings = JSON.stringify([sources.find((declared) => declared.name === name) ?? [health, sharedFate], signals.get(name) ?? []]);
      const known = before.get(name);
      if (known?.settings === settings) unused.push(source);
      else if (known !== undefined) unused.push(known.source);
      next.set(name, known?.settings === settings ? known : { settings, source });
    }
    for (const [name, { source }] of before) if (!made.has(name)) unused.push(source);
    this.#pooled = next;
    return {
      sources: new Map([...next].map(([name, { source }]) => [name, source])),
      closeUnused: async () => {
        await Promise.all(unused.map((source) => source.close()));
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pooled.values()].map(({ source }) => source.close()));
    this.#pooled = new Map();
  }
}

/** What each scraped source must remember from its first scrape on. */
function signalsBySource({ triggers, verifications }: Pick<Config, 'triggers' | 'verifications'>): ReadonlyMap<string, readonly Signal[]> {
  const bySource = new Map<string, Signal[]>();
  const note = (source: string, signal: Signal | undefined): void => {
    if (signal !== undefined) bySource.set(source, [...(bySource.get(source) ?? []), signal]);
  };
  for (const { source, query, impact } of triggers) {
    for (const asked of [query, ...(impact?.kind === 'asked' ? [impact.query] : [])]) note(source, asked.kind === 'signal' ? asked.signal : undefined);
  }
  for (const { checks } of verifications.values()) {
    for (const check of checks) if (check.type === 'query') note(check.source, check.signal);
  }
  return bySource;
}
