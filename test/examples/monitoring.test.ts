import { expect, it } from 'vitest';
import { readDoc, tableRows } from '../support/markdown.js';
import { promtool } from '../support/promtool.js';

const RULES = 'examples/monitoring/belay-rules.yaml';

it('the rules that guard Belay are taken by Prometheus', async () => {
  expect(await promtool('check', 'rules', RULES)).toMatchObject({ code: 0, output: expect.stringContaining('9 rules found') as string });
});

it('ask only for metrics that Belay has', () => {
  const known = tableRows(readDoc('docs/metrics.md'), 'Metric').map(([name]) => name);
  const asked = [...readDoc(RULES).matchAll(/\bbelay_\w+/g)].map(([name]) => name);
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !known.includes(name))).toEqual([]);
});
