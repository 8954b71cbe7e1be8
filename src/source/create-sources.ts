import { createHealthSource, HEALTH_SOURCE } from './health-source.js';
import { createPrometheusSource } from './prometheus-source.js';
import { createScrapeSource } from './scrape-source.js';
import type { Signal } from './signal.js';
import type { HealthSettings, SourceSettings } from './source-settings.js';
import type { Source } from './source.js';

export interface SourceOptions {
  /** Signals that a scraped source, by its name, remembers from its first scrape on. */
  readonly signals?: ReadonlyMap<string, readonly Signal[]>;
  /** Whether targets that turn down together are suspected blindness; true unless said otherwise. */
  readonly sharedFate?: boolean;
}

/** Every configured source by its name, and `health` for the targets' endpoints. Whoever makes them closes them. */
export function createSources(settings: readonly SourceSettings[], health: readonly HealthSettings[], options: SourceOptions = {}): ReadonlyMap<string, Source> {
  const sources = new Map<string, Source>(settings.map((source) => [source.name, createSource(source, options)]));
  return sources.set(HEALTH_SOURCE, createHealthSource(health, { sharedFate: options.sharedFate ?? true }));
}

function createSource(settings: SourceSettings, { signals }: SourceOptions): Source {
  switch (settings.type) {
    case 'prometheus':
      return createPrometheusSource(settings);
    case 'scrape':
      return createScrapeSource(settings, { signals: signals?.get(settings.name) ?? [] });
    default:
      return settings satisfies never;
  }
}
