import { afterAll, beforeAll, expect, test } from 'vitest';
import { ScenarioFolder } from '../support/scenario-file.js';

let folder: ScenarioFolder;
beforeAll(async () => {
  folder = await ScenarioFolder.create({
    'rules/checkout.yaml': {
      target: 'checkout',
      triggers: [
        { name: 'ApiErrors', source: 'prometheus', expr: 'errors', severities: { high: '> 1%', critical: '> 5%' }, for: '1m', levels: [1, 3] },
        { name: 'Slow', source: 'prometheus', expr: 'p95', condition: '> 150% of baseline', baseline: { before: 'change', window: '10m' }, for: '1m', response: 'monitor' },
        { name: 'SlowerThanYesterday', source: 'prometheus', expr: 'p50', condition: '> 150% of baseline', baseline: { offset: '1d', window: '1h' }, for: '1m', response: 'monitor' },
        { name: 'RatioHigh', source: 'prometheus', expr: 'ratio', condition: '> 10%', minTraffic: { expr: 'sum(rate(requests[1m]))', atLeast: 1 }, for: '1m', response: 'monitor' },
        { name: 'Both', all: ['Slow', 'ApiErrors'], levels: [3, 3] },
      ],
    },
  });
});
afterAll(() => folder.remove());

const holds = async (scenario: Record<string, unknown>): Promise<void> => {
  const result = await folder.run({ health: { checkout: 'up' }, ...scenario });
  expect([result.failures, result.faults]).toEqual([[], []]);
};

test('a trigger of several severities takes its values by its own name, and sets them so', () =>
  holds({
    values: { ApiErrors: '0x3 0.03x7 0.07' },
    steps: { off: { sets: { ApiErrors: 0 } } },
    lasts: '4m',
    expect: [
      { at: '1m45s', alert: 'ApiErrors:high', state: 'pending' },
      { at: '2m', alert: 'ApiErrors:high', state: 'firing' },
      { at: '2m', alert: 'ApiErrors:critical', state: 'inactive' },
      { at: '2m15s', alert: 'ApiErrors:critical', state: 'inactive' },
      { by: '3m15s', incident: 'recovered' },
    ],
  }));

test('a baseline before a change', () =>
  holds({
    values: { Slow: '0.2x40 0.5x40' },
    actions: [{ at: '10m', mark: 'deploy', target: 'checkout', version: 'v2' }],
    lasts: '15m',
    expect: [{ at: '10m15s', alert: 'Slow', state: 'pending', value: '250%' }, { at: '11m15s', alert: 'Slow', state: 'firing' }],
  }));

test('a baseline of yesterday, which the lead of the scenario makes', async () => {
  await holds({ lead: '2d', values: { SlowerThanYesterday: '0.2x3 0.5' }, lasts: '4m', expect: [{ at: '1m', alert: 'SlowerThanYesterday', value: '250%' }, { at: '2m', alert: 'SlowerThanYesterday', state: 'firing' }] });
  await holds({ values: { SlowerThanYesterday: '0.2x3 0.5' }, lasts: '4m', expect: [{ not: { alert: 'SlowerThanYesterday', state: 'pending' } }] });
});

test('what a trigger asks besides is written under queries', async () => {
  const values = { RatioHigh: '0.5x20' };
  await holds({ values, queries: { 'sum(rate(requests[1m]))': '5x20' }, expect: [{ at: '1m', alert: 'RatioHigh', state: 'firing' }] });
  await holds({ values, queries: { 'sum(rate(requests[1m]))': '0.5x20' }, expect: [{ not: { alert: 'RatioHigh', state: 'firing' } }] });
});

test('a composite is watched with its members, and has no values of its own', async () => {
  await holds({
    lead: '1h',
    values: { Slow: '0.2x40 0.5x40', ApiErrors: '0x50 0.03' },
    actions: [{ at: '10m', mark: 'deploy', target: 'checkout', version: 'v2' }],
    lasts: '20m',
    expect: [{ at: '13m30s', alert: 'Both', state: 'inactive' }, { at: '13m45s', alert: 'Both', state: 'firing' }],
  });
  expect(await folder.problems('scenarios: [ { name: one, values: { Both: 1 }, expect: [ { decision: {} } ] } ]')).toEqual(['1:43 Both watches other triggers; write the values of Slow, ApiErrors:high']);
});
