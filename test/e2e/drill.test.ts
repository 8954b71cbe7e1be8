import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DrillRunView } from '../../src/http/drill-api.js';
import { BelayProcess } from '../support/belay-process.js';

const plan = {
  id: 'flag-off', name: 'Switch it off', description: '', phase: 'incremental-migration', target: 'shop', level: 1, dependencies: [], estimatedDuration: '1s',
  steps: [
    { id: 'flag', name: 'new-checkout off', description: '', type: 'feature-flag', parameters: { flagKey: 'new-checkout', targetState: false }, timeout: 10 },
    { id: 'cache', name: 'clear the cache', description: '', type: 'command', parameters: { command: [process.execPath, '-e', 'setTimeout(() => {}, 1500)'] }, timeout: 10, estimatedDuration: '1s' },
  ],
};
const flags = { flags: { 'new-checkout': { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } } };
const shared = { targets: { shop: {} }, featureFlags: { default: { type: 'file', path: 'flags.json' } } };

let belay: BelayProcess;

beforeEach(async () => {
  belay = await BelayProcess.start({
    'belay.yaml': {
      ...shared,
      environment: 'production', mode: 'enforce', store: 'sqlite:./belay.db',
      databases: { orders: { type: 'sqlite', file: 'orders.db', backups: { directory: 'backups', maxAge: '1d' } } },
      drills: [{ plan: 'flag-off', cron: '0 10 1 * *', against: 'staging/belay.yaml' }, { backup: 'orders', cron: '0 11 1 * *' }],
    },
    'flags.json': flags,
    'plans/flag.yaml': plan,
    'staging/belay.yaml': { ...shared, environment: 'staging', mode: 'enforce' },
    'staging/flags.json': flags,
    'staging/plans/flag.yaml': plan,
    'backups/today.db': 'no database',
  });
});

afterEach(() => belay.stop());

async function variants(): Promise<readonly unknown[]> {
  return Promise.all(['flags.json', 'staging/flags.json'].map(async (file) => (JSON.parse(await readFile(join(belay.directory, file), 'utf8')) as typeof flags).flags['new-checkout'].defaultVariant));
}

/** Begins a drill and resolves with its run once it has ended. */
async function held(body: object): Promise<DrillRunView> {
  const { executionId } = (await (await belay.post('/api/v1/drills', body)).json()) as { executionId: string };
  return belay.until('its end', 20_000, async () => {
    const run = await belay.get<DrillRunView>(`/api/v1/drills/${executionId}`);
    return run.status === 'running' ? undefined : run;
  });
}

it('a plan is practised as a dry run and on staging, a backup is looked at, and people are told; Belay may be killed in a drill', async () => {
  expect(await held({ plan: 'flag-off', dryRun: true })).toMatchObject({ status: 'passed', steps: [{ detail: 'flag new-checkout in flags.json: on → off' }, {}] });
  expect(await variants()).toEqual(['on', 'on']);

  const real = await belay.cli('drill', 'flag-off');
  expect(real).toMatchObject({ code: 0, stdout: expect.stringMatching(/^passed: 2 of 2 steps were well[\s\S]*gap: clear the cache: documented 1s, took \d+s/) as string });
  expect(await variants()).toEqual(['on', 'off']);
  expect(await held({ backup: 'orders' })).toMatchObject({ status: 'failed', gaps: [expect.stringContaining('is no SQLite database')] });

  await belay.write({ 'staging/belay.yaml': { ...shared, environment: 'production', mode: 'enforce' } });
  expect(await held({ plan: 'flag-off' })).toMatchObject({ status: 'failed', explanation: expect.stringContaining('is of the environment production too') as string });
  await belay.write({ 'staging/belay.yaml': { ...shared, environment: 'staging', mode: 'enforce' } });

  const { executionId } = (await (await belay.post('/api/v1/drills', { plan: 'flag-off' })).json()) as { executionId: string };
  const run = (): Promise<DrillRunView> => belay.get<DrillRunView>(`/api/v1/drills/${executionId}`);
  await belay.until('the second step', 10_000, async () => ((await run()).steps[1]?.status === 'running' ? true : undefined));
  await belay.end('SIGKILL');
  await belay.start();
  expect(await run()).toMatchObject({ status: 'interrupted', steps: [{ status: 'ok' }, { status: 'failed' }] });

  const status = (await belay.cli('status')).stdout;
  expect(status).toMatch(/flag-off +interrupted .*last well .* +next \d{4}-\d\d-01 10:00 UTC/);
  expect(status).toMatch(/backup orders +failed/);
  const check = await belay.cli('check');
  expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/warning: the last drill of plan flag-off failed: [\s\S]*warning: the last drill of the backup of orders failed: [\s\S]*hint: belay drill --backup orders/) as string });
  expect(await belay.get('/api/v1/incidents')).toEqual({ incidents: [] });
  expect(await belay.text('/metrics')).toMatch(/belay_drill_last_success_timestamp_seconds\{plan="flag-off",kind="plan"\} \d+/);
});
