import { expect, test } from 'vitest';
import { Metrics } from '../../src/daemon/metrics.js';
import type { SourceErrorReason } from '../../src/source/sample.js';
import { readDoc, tableRows } from '../support/markdown.js';

interface Registered {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

test('docs/metrics.md has every metric of the daemon with its type and labels, and no other', async () => {
  const documented = tableRows(readDoc('docs/metrics.md'), 'Metric').map(([name, type, labels]) => ({ name, type, labels: [...(labels ?? '').matchAll(/\w+/g)].map(([label]) => label) }));
  expect(documented).toEqual(await registered());
});

test('the page explains every reason why a source could not answer, and no other', () => {
  const reasons = { unreachable: 1, timeout: 1, 'http-status': 1, 'bad-answer': 1, 'query-refused': 1, 'wrong-type': 1, 'our-side': 1, 'shared-fate': 1 } satisfies Record<SourceErrorReason, 1>;
  expect(tableRows(readDoc('docs/metrics.md'), 'Outcome').map(([outcome]) => outcome)).toEqual(Object.keys(reasons));
});

async function registered(): Promise<readonly Registered[]> {
  const { registry } = new Metrics(() => true, () => Promise.reject(new Error('no store')));
  const metrics = await registry.getMetricsAsJSON();
  return metrics
    .filter(({ name }) => name.startsWith('belay_'))
    .map(({ name, type }) => {
      // prom-client keeps the names of labels on the metric, and its types do not tell of them.
      const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] };
      return { name, type: String(type), labels: [...labelNames] };
    });
}
