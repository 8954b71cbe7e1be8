import { AlertmanagerApi } from './alertmanager-api.js';
import { createHttpClient } from './http-client.js';
import { errorObservation } from './observation.js';
import type { SeriesSample } from './sample.js';
import type { AlertmanagerSettings } from './source-settings.js';
import type { Source } from './source.js';

/**
 * Asks an Alertmanager which alerts fire. It keeps them in memory and knows none right after its start, so that within
 * `settleMs` an alert that it does not name is unknown, and not clear.
 */
export function createAlertmanagerSource(settings: AlertmanagerSettings): Source {
  const client = createHttpClient({ keepAlive: true });
  const api = new AlertmanagerApi(settings, client);
  return {
    name: settings.name,
    intervalMs: settings.intervalMs,

    async observe(query, at, signal) {
      if (query.kind !== 'alerts') return errorObservation(at, 'query-refused', 'an Alertmanager is asked which alerts fire, with "alerts: { match }"');
      const [alerts, startedAt] = await Promise.all([api.firingAlerts(query.match, signal), api.startedAt(signal)]);
      if ('kind' in alerts) return errorObservation(at, alerts.reason, alerts.message);
      if (typeof startedAt !== 'number') return errorObservation(at, startedAt.reason, startedAt.message);
      const knowsAll = at - startedAt >= settings.settleMs;
      const value = (count: number): SeriesSample['sample'] => ({ kind: 'value', at, value: count });
      const unknown: SeriesSample = { labels: {}, sample: { kind: 'no-data', at, reason: 'too-few-samples' } };
      const total: SeriesSample = knowsAll ? { labels: {}, sample: value(alerts.length) } : unknown;
      const each = [...alerts.map((labels): SeriesSample => ({ labels, sample: value(1) })), ...(knowsAll ? [] : [unknown])];
      return { kind: 'vector', at, series: query.each ? each : [total], warnings: [] };
    },

    close() {
      client.close();
      return Promise.resolve();
    },
  };
}
