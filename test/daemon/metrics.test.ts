import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Metrics } from '../../src/daemon/metrics.js';

it('says nothing that promtool finds fault with', async () => {
  const metrics = new Metrics(() => true, () => Promise.resolve({ bytes: 4096, rows: { alert: 1, journal: 3, outbox: 0, received_message: 0, received_alert: 0 } }), () => [{ kind: 'plan', name: 'flag-off' }]);
  metrics.observed('app', { kind: 'vector', at: 0, series: [], warnings: [] });
  metrics.heartbeat('sent');
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: await metrics.registry.metrics(), encoding: 'utf8' });
  expect({ error, status, said: stdout + stderr }).toEqual({ error: undefined, status: 0, said: '' });
});
