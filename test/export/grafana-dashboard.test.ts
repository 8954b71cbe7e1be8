import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { Metrics } from '../../src/daemon/metrics.js';
import { grafanaDashboard } from '../../src/export/grafana-dashboard.js';
import { foldIncident } from '../../src/incident/incident.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { recoveredByLevelThree } from '../support/incident-story.js';
import { type PrometheusServer, scrapeConfig, startPrometheus } from '../support/prometheus-server.js';

let app: Server;
let prometheus: PrometheusServer;
let requests = 0;

/** A daemon that has seen an incident from its beginning to its end. */
function busyMetrics(): Metrics {
  const metrics = new Metrics(() => true, () => Promise.resolve({ rows: { journal: 3, alert: 0, outbox: 0, received_message: 0, received_alert: 0 }, bytes: 4_096 }), () => [{ kind: 'plan', name: 'flag-off', lastPassedAt: Date.now(), nextAt: Date.now(), warning: undefined }]);
  const story = recoveredByLevelThree().entries;
  for (const { event } of story) metrics.journaled(event);
  const incident = foldIncident(story);
  if (incident === undefined) throw new Error('the story opens no incident');
  metrics.incidentEnded(incident);
  metrics.journaled({ type: 'needs-human', incidentId: 'i1', target: 'checkout', at: 1, reason: 'no-plan', explanation: 'x' });
  metrics.blind('prom', false);
  metrics.alerts('checkout', { inactive: 1, pending: 0, firing: 0 });
  metrics.observed('prom', { kind: 'vector', at: 1, series: [], warnings: [] });
  metrics.delivered('slack', 'sent');
  return metrics;
}

beforeAll(async () => {
  const metrics = busyMetrics();
  app = createServer((_request, response) => {
    requests += 5;
    void metrics.registry.metrics().then((text) => response.setHeader('content-type', metrics.registry.contentType).end(`${text}\n# TYPE requests_total counter\nrequests_total{status="200"} ${requests}\nrequests_total{status="500"} ${Math.floor(requests / 10)}\n`));
  });
  await new Promise<void>((listening) => app.listen(0, '127.0.0.1', listening));
  prometheus = await startPrometheus({ config: scrapeConfig('belay', `http://127.0.0.1:${(app.address() as AddressInfo).port}/metrics`) });
});

afterAll(async () => {
  await prometheus.stop();
  app.close();
});

it('every panel of the dashboard finds series in a Prometheus that scrapes a busy Belay; each trigger stands against its threshold', async () => {
  const rules = `target: checkout
triggers:
  - { name: Errors, source: prom, signal: { type: errorRate, metric: requests_total, errors: { status: "5.." }, window: 1m }, condition: "> 10%", for: 5m, level: 1 }
  - { name: Requests, source: prom, expr: sum(requests_total), condition: "< 3", for: 5m, level: 1 }
  - { name: Scraped, source: app, signal: { type: gauge, metric: memory }, condition: "> 1", for: 5m, level: 1 }
`;
  const result = await loadConfig(configFolder({ ...goodFiles, 'rules/checkout.yaml': rules }));
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { dashboard, left } = grafanaDashboard(result.config, 'belay');
  expect(left).toEqual([{ trigger: 'Scraped', message: 'left out: it is not asked of a Prometheus' }]);
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  expect(dashboard.panels.map(({ title }) => title).slice(-3)).toEqual(['checkout', 'Errors > 10%', 'Requests < 3']);
  expect(panels.at(-2)).toMatchObject({ fieldConfig: { defaults: { unit: 'percentunit', thresholds: { steps: [{ color: 'green' }, { color: 'red', value: 0.1 }] } } } });
  expect(panels.at(-1)).toMatchObject({ fieldConfig: { defaults: { thresholds: { steps: [{ color: 'red' }, { color: 'green', value: 3 }] } } } });
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);

  // Rates need two samples.
  while ((await series('count_over_time(belay_ready[1m]) >= 3')) === 0) await new Promise((resolve) => setTimeout(resolve, 200));
  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      const found = await series(expr.replaceAll('$__range', '1m').replaceAll('$__rate_interval', '1m'));
      expect(found, `${title}: ${expr}`).toBeGreaterThan(0);
    }
  }
});

async function series(query: string): Promise<number> {
  const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { status, error, data } = (await answer.json()) as { status: string; error?: string; data?: { result: unknown[] } };
  if (status !== 'success') throw new Error(`${query}: ${error ?? ''}`);
  return data?.result.length ?? 0;
}
