import { afterAll, beforeAll, expect, test } from 'vitest';
import { ScenarioFolder } from '../support/scenario-file.js';

let folder: ScenarioFolder;
beforeAll(async () => {
  folder = await ScenarioFolder.create({
    'rules/checkout.yaml': { target: 'checkout', triggers: [{ name: 'Down', alertmanager: { match: { alertname: 'Down' } }, level: 1 }, { name: 'Quiet', alertmanager: { match: { alertname: 'Quiet' } }, response: 'monitor' }] },
  });
});
afterAll(() => folder.remove());

const problemOf = async (scenario: Record<string, unknown>): Promise<string> => {
  try {
    await folder.run({ health: { checkout: 'up' }, expect: [{ by: '10m', rollback: {} }], ...scenario });
    return 'none';
  } catch (error) {
    return JSON.stringify((error as { context?: unknown }).context ?? String(error));
  }
};

test('an alert without anybody to ask awaits a person', async () => {
  const { failures, faults } = await folder.run({
    messages: [{ at: '1m', firing: { alertname: 'Down' } }],
    health: { checkout: 'up' },
    lasts: '5m',
    expect: [{ by: '1m5s', decision: { kind: 'await-approval', reason: 'unconfirmed', level: 1 } }, { not: { rollback: {} } }],
  });
  expect([failures, faults]).toEqual([[], []]);
});

test('what cannot be meant is a problem with its place', async () => {
  expect(await problemOf({ messages: [{ at: '1m' }] })).toContain('needs one of firing and resolved');
  expect(await problemOf({ messages: [{ at: '1m', resolved: { alertname: 'Down' }, expr: 'up' }] })).toContain('goes with');
  expect(await problemOf({ messages: [{ at: '1m', firing: { alertname: 'Down' }, expr: 'up', source: 'app' }] })).toContain('there is no Prometheus');
  expect(await problemOf({ values: { Down: '1' } })).toContain('goes by what an Alertmanager sends');
  expect(await problemOf({ messages: [{ at: '1m', firing: { alertname: 'Down' } }], expect: [{ at: '1m', alert: 'Quiet', state: 'firing' }] })).not.toBe('none');
});
