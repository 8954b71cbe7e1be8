import { afterAll, beforeAll, expect, test } from 'vitest';
import { ScenarioFolder, storyOf } from '../support/scenario-file.js';

let folder: ScenarioFolder;
beforeAll(async () => {
  folder = await ScenarioFolder.create({
    'rules/checkout.yaml': {
      target: 'checkout',
      triggers: [
        { name: 'ErrorRateHigh', source: 'prometheus', expr: 'sum(rate(http_requests_total{status=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))', condition: '> 10%', for: '2m', levels: [1, 3] },
        { name: 'RequestsFail', source: 'app', signal: { type: 'errorRate', metric: 'http_requests_total', errors: { status: '5..' }, window: '1m' }, condition: '> 10%', for: '2m', levels: [1, 3] },
        { name: 'TooManyRequests', source: 'prometheus', expr: 'sum(rate(http_requests_total[1m]))', condition: '> 1000', for: '2m', levels: [1, 3] },
      ],
    },
  });
});
afterAll(() => folder.remove());

const scenario = {
  engine: 'prometheus',
  series: { 'http_requests_total{status="200"}': '0+90x60', 'http_requests_total{status="500", path="a \\"b\\""}': '0x8 30+30x60' },
  health: { checkout: 'up' },
};

test('raw series under an expr are answered by a real Prometheus, and beside it by the product\'s own signals', async () => {
  const result = await folder.run({
    ...scenario,
    lasts: '6m',
    expect: [
      { at: '2m', alert: 'ErrorRateHigh', state: 'inactive', value: 0 },
      { at: '3m30s', alert: 'ErrorRateHigh', state: 'pending', value: '25%' },
      { at: '4m30s', alert: 'ErrorRateHigh', state: 'firing' },
      { at: '3m30s', alert: 'RequestsFail', value: '25%' },
      { at: '3m', not: { alert: 'TooManyRequests', state: 'pending' } },
      { at: '4m30s', rollback: { level: 1 } },
    ],
  });
  expect(storyOf(result).length).toBeGreaterThan(0);
  expect([result.failures, result.faults]).toEqual([[], []]);
});

test('a series that is missing is empty, and a source that fails is blind, with a real Prometheus too', async () => {
  const result = await folder.run({ ...scenario, errors: { prometheus: 'from 1m' }, lasts: '6m', expect: [{ by: '6m', message: 'blind' }, { not: { alert: 'ErrorRateHigh', state: 'pending' } }] });
  expect([result.failures, result.faults]).toEqual([[], []]);
});

test('without the binary it says which package has it', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = folder.path;
  try {
    await expect(folder.run({ ...scenario, lasts: '1m' })).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('install the Debian package "prometheus"') as string });
  } finally {
    process.env['PATH'] = path;
  }
});

test('what it is loaded with cannot go on otherwise', async () => {
  const text = { scenarios: [{ name: 'one', ...scenario, steps: { off: { sets: { 'http_requests_total{status="200"}': '1' } } }, expect: [{ decision: {} }] }] };
  expect((await folder.problems(text))[0]).toContain('what a real Prometheus has been loaded with cannot go on otherwise');
});
