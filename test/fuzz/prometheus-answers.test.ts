import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPrometheusSource } from '../../src/source/prometheus-source.js';
import type { Source } from '../../src/source/source.js';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { corpus, expectAlways, fuzzTimeout } from '../support/fuzz.js';

let server: AnsweringServer;
let source: Source;
beforeAll(async () => {
  server = await startAnsweringServer('', { 'content-type': 'application/json' });
  source = createPrometheusSource({ type: 'prometheus', name: 'prometheus', url: server.url, intervalMs: 1_000, timeoutMs: 10_000, headers: {} });
});
afterAll(async () => {
  await source.close();
  await server.stop();
});

const number = fc.oneof(fc.constantFrom('NaN', '+Inf', '-Inf', '1e999', '0x10', '', ' 1', '1 ', '-0', '1_0'), fc.double().map(String));
const time = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-1, 1e300, 8.64e15, 1_767_225_600, 1_767_225_600.123));
const point = fc.oneof({ weight: 5, arbitrary: fc.tuple(time, number) }, { weight: 1, arbitrary: fc.jsonValue() });
const metric = fc.oneof({ weight: 5, arbitrary: fc.dictionary(fc.constantFrom('__name__', 'job', 'le', '__proto__', 'constructor', ''), fc.string()) }, { weight: 1, arbitrary: fc.jsonValue() });
const series = fc.oneof({ weight: 5, arbitrary: fc.record({ metric, value: point, values: fc.array(point, { maxLength: 4 }) }, { requiredKeys: [] }) }, { weight: 1, arbitrary: fc.jsonValue() });
const data = fc.record({ resultType: fc.constantFrom('vector', 'matrix', 'scalar', 'string', 'toString', ''), result: fc.oneof(fc.array(series, { maxLength: 5 }), point, fc.jsonValue()) }, { requiredKeys: [] });
const answer = fc.record(
  { status: fc.constantFrom('success', 'error', 'constructor'), data: fc.oneof(data, fc.jsonValue()), errorType: fc.oneof(fc.string(), fc.constantFrom('bad_data', '__proto__')), error: fc.string(), warnings: fc.oneof(fc.array(fc.string()), fc.jsonValue()) },
  { requiredKeys: [] },
);
const text = fc.oneof({ weight: 6, arbitrary: answer.map((each) => JSON.stringify(each)) }, fc.json(), fc.string({ unit: 'binary' }), fc.tuple(answer, fc.nat(200)).map(([each, end]) => JSON.stringify(each).slice(0, end)));
const status = fc.constantFrom(200, 200, 200, 200, 204, 301, 400, 404, 422, 500, 503);

async function expectTyped(body: string, code: number): Promise<void> {
  Object.assign(server, { status: code, text: body });
  (server.requests as unknown[]).length = 0;
  const instant = await source.observe({ kind: 'promql', expr: 'up' }, 1_767_225_600_000, new AbortController().signal);
  expect(['vector', 'error']).toContain(instant.kind);
  if (instant.kind === 'vector') {
    for (const { labels, sample } of instant.series) {
      expect(Object.values(labels).every((label) => typeof label === 'string')).toBe(true);
      expect(Number.isFinite(sample.at)).toBe(true);
      if (sample.kind === 'value') expect(Number.isNaN(sample.value), 'NaN is no data').toBe(false);
    }
  }
}

it.each(corpus('prometheus'))('corpus: %s', (_file, body) => expectTyped(body, 200));

it('whatever a Prometheus answers is typed samples or an error', { timeout: fuzzTimeout }, async () => {
  await expectAlways('prometheus', fc.asyncProperty(text, status, expectTyped), 300);
});
