import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPm2, type Pm2Daemon } from '../../support/pm2-daemon.js';
import { isAlive } from '../../support/processes.js';
import { StepRunner } from '../../support/step-runner.js';

let daemon: Pm2Daemon;
let runner: StepRunner;
const wanting = (worker: string, service = 'sync'): Record<string, unknown> => ({ service, worker });

beforeAll(async () => {
  daemon = await startPm2();
  writeFileSync(join(daemon.home, 'idle.cjs'), `process.on('SIGINT', () => process.exit(0)); setInterval(() => {}, 1_000);`);
  await daemon.pm2('start', 'idle.cjs', '--name', 'write-sync-worker', '-i', '2');
  await daemon.pm2('start', 'idle.cjs', '--name', 'web');
  const pm2 = { type: 'pm2', pm2: [daemon.program], home: daemon.home };
  runner = new StepRunner({ directory: daemon.home, bindings: { traffic: { sync: { ...pm2, process: 'write-sync-worker' }, gone: { ...pm2, process: 'no-such-worker' } } } });
}, 60_000);
afterAll(() => daemon.stop(), 60_000);

async function pids(name: string): Promise<readonly number[]> {
  const listed = JSON.parse(await daemon.pm2('jlist')) as readonly { readonly name: string; readonly pid: number }[];
  return listed.filter((process) => process.name === name && process.pid > 0).map(({ pid }) => pid);
}

it('stops a worker of pm2, all of its processes and no other, and starts it again', async () => {
  const [before, web] = [await pids('write-sync-worker'), await pids('web')];
  expect(before).toHaveLength(2);
  expect(await runner.describe('traffic', wanting('stopped'))).toMatchObject({ summary: 'worker sync (pm2 process write-sync-worker): running → stopped' });

  const captured = await runner.capture('traffic', wanting('stopped'));
  await runner.execute('traffic', wanting('stopped'));
  expect(before.map((pid) => isAlive(pid))).toEqual([false, false]);
  expect(await pids('web')).toEqual(web);
  await runner.execute('traffic', wanting('stopped'));

  await runner.undo('traffic', wanting('stopped'), captured);
  expect((await pids('write-sync-worker')).every((pid) => isAlive(pid))).toBe(true);
  expect(await pids('write-sync-worker')).toHaveLength(2);
});

it('does not take a worker that is not there for one that is stopped', async () => {
  await expect(runner.execute('traffic', wanting('stopped', 'gone'))).rejects.toMatchObject({ message: expect.stringContaining('no-such-worker') as string });
});
