import { describe, expect, it } from 'vitest';
import type { HttpExpectation } from '../../src/source/check.js';
import { unmetExpectation } from '../../src/source/http-expectation.js';

const unmet = (expectation: Partial<HttpExpectation>, body = '', status = 200, latencyMs = 10): string | undefined =>
  unmetExpectation({ status: 200, ...expectation }, { status, body, latencyMs });
const json = (wanted: unknown, body: unknown): string | undefined => unmet({ json: wanted }, JSON.stringify(body));

it('holds status, text and latency against what is expected', () => {
  expect(unmet({})).toBeUndefined();
  expect(unmet({}, '', 204)).toBe('answered HTTP 204 instead of 200');
  expect(unmet({ contains: 'ok' }, 'it is ok')).toBeUndefined();
  expect(unmet({ contains: 'ok' }, 'no')).toBe('answered without the text "ok"');
  expect(unmet({ maxLatencyMs: 100 }, '', 200, 100)).toBeUndefined();
  expect(unmet({ maxLatencyMs: 100 }, '', 200, 100.6)).toBe('took 101 ms to answer, more than 100 ms');
});

describe('JSON', () => {
  it('may have more than is wanted, at every depth', () => {
    expect(json({ status: 'healthy' }, { status: 'healthy', version: 2 })).toBeUndefined();
    expect(json({ checks: { db: { up: true } } }, { checks: { db: { up: true, ms: 3 }, cache: {} } })).toBeUndefined();
    expect(json({}, { a: 1 })).toBeUndefined();
    expect(json([{ a: 1 }], [{ a: 1, b: 2 }])).toBeUndefined();
    expect(json(null, null)).toBeUndefined();
    expect(json('up', 'up')).toBeUndefined();
  });

  it.each<[unknown, unknown, string]>([
    [{ status: 'healthy' }, { status: 'degraded' }, '$.status is "degraded" instead of "healthy"'],
    [{ a: { b: 1 } }, { a: {} }, '$.a.b is missing'],
    [{ a: { b: 1 } }, { a: [1] }, '$.a is [1] instead of {"b":1}'],
    [{ a: { b: 1 } }, { a: null }, '$.a is null instead of {"b":1}'],
    [{ up: true }, { up: 'true' }, '$.up is "true" instead of true'],
    [{ up: null }, {}, '$.up is missing'],
    [{ list: [1, 2] }, { list: [1] }, '$.list is [1] instead of [1,2]'],
    [{ list: [1, { a: 2 }] }, { list: [1, { a: 3 }] }, '$.list[1].a is 3 instead of 2'],
    [{ constructor: 1 }, {}, '$.constructor is missing'],
    [[], {}, '$ is {} instead of []'],
  ])('lacks %j in %j', (wanted, body, difference) => {
    expect(json(wanted, body)).toBe(`answered JSON in which ${difference}`);
  });

  it('has to be JSON', () => {
    expect(unmet({ json: {} }, '<html>')).toBe('answered something that is not JSON');
    expect(unmet({ json: {} }, '')).toBe('answered something that is not JSON');
    expect(unmet({ json: null }, 'null')).toBeUndefined();
  });
});
