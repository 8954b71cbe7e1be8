import type { AlertPlace } from './alert-confirmation.js';
import { createAlertmanagerSource } from './alertmanager-source.js';
import { createHealthSource, HEALTH_SOURCE } from './health-source.js';
import { createPrometheusSource } from './prometheus-source.js';
import type { ReceivedAlerts } from './received-alerts.js';
import { createReceiverSource, RECEIVER_SOURCE } from './receiver-source.js';
import { createScrapeSource } from './scrape-source.js';
import type { SharedFateRule } from './shared-fate.js';
import type { Signal } from './signal.js';
import type { HealthSettings, SourceSettings } from './source-settings.js';
import type { Source } from './source.js';

export interface SourceOptions {
  /** Signals that a scraped source, by its name, remembers from its first scrape on. */
  readonly signals?: ReadonlyMap<string, readonly Signal[]>;
  /** When targets that turn down together are suspected blindness; as usual unless said otherwise. */
  readonly sharedFate?: SharedFateRule | 'never' | undefined;
}

/** Every configured source by its name, and `health` for the targets' endpoints. Whoever makes them closes them. */
export function createSources(settings: readonly SourceSettings[], health: readonly HealthSettings[], options: SourceOptions = {}): ReadonlyMap<string, Source> {
  const sources = new Map<string, Source>(settings.map((source) => [source.name, createSource(source, options)]));
  return sources.set(HEALTH_SOURCE, createHealthSource(health, { sharedFate: options.sharedFate }));
}

/** The configured sources, and what Alertmanagers send, which is confirmed by those of them that can be asked about alerts. */
export function withReceiver(sources: ReadonlyMap<string, Source>, settings: readonly SourceSettings[], received: ReceivedAlerts): ReadonlyMap<string, Source> {
  const places = settings.flatMap((own): AlertPlace[] => {
    const source = sources.get(own.name);
    return source === undefined || own.type === 'scrape' ? [] : [{ settings: own, source }];
  });
  return new Map(sources).set(RECEIVER_SOURCE, createReceiverSource(received, places));
}

/** The name of the one Alertmanager that is configured; `undefined` when there is none, or several. */
export function onlyAlertmanager(settings: readonly SourceSettings[]): string | undefined {
  const [only, ...others] = settings.filter(({ type }) => type === 'alertmanager');
  return others.length === 0 ? only?.name : undefined;
}

function createSource(settings: SourceSettings, { signals }: SourceOptions): Source {
  switch (settings.type) {
    case 'prometheus':
      return createPrometheusSource(settings);
    case 'scrape':
      return createScrapeSource(settings, { signals: signals?.get(settings.name) ?? [] });
    case 'alertmanager':
      return createAlertmanagerSource(settings);
    default:
      return settings satisfies never;
  }
}
