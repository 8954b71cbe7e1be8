import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Pm2Daemon, startPm2 } from '../../support/pm2-daemon.js';
import { isAlive } from '../../support/processes.js';
import { StepRunner } from '../../support/step-runner.js';

let daemon: Pm2Daemon;
const stop = { service: 'sync', worker: 'stopped' };
const start = { service: 'sync', worker: 'running' };
const runner = (process: string): StepRunner => new StepRunner({ directory: daemon.home, bindings: { traffic: { sync: { type: 'pm2', process, pm2: [daemon.program], home: daemon.home } } } });
const pids = async (name: string): Promise<number[]> => (JSON.parse((await daemon.pm2('jlist')).replace(/^[^[]*/, '')) as { name: string; pid: number }[]).flatMap((process) => (process.name === name && process.pid > 0 ? [process.pid] : []));

beforeAll(async () => {
  daemon = await startPm2();
  writeFileSync(join(daemon.home, 'worker.cjs'), `setInterval(() => {}, 1_000);`);
  writeFileSync(join(daemon.home, 'deaf.cjs'), `process.on('SIGINT', () => {}); setInterval(() => {}, 1_000);`);
  await daemon.pm2('start', 'worker.cjs', '--name', 'sync', '-i', '2');
  await daemon.pm2('start', 'deaf.cjs', '--name', 'deaf', '--kill-timeout', '500');
});
afterAll(() => daemon.stop());

it.each(['sync', 'deaf'])('a worker (%s) is stopped when no process of it is left, and undo starts it again', async (name) => {
  const before = await pids(name);
  expect(before.every(isAlive)).toBe(true);
  const captured = await runner(name).capture('traffic', stop);
  expect((await runner(name).describe('traffic', stop)).summary).toBe(`worker sync (pm2 process ${name}): running → stopped`);
  await runner(name).execute('traffic', stop);
  expect(before.filter(isAlive)).toEqual([]);
  expect([await pids(name), await runner(name).state('traffic', stop)]).toEqual([[], 'applied']);
  await runner(name).execute('traffic', stop);
  await runner(name).undo('traffic', stop, captured);
  expect((await pids(name)).length).toBe(before.length);
  expect(await runner(name).state('traffic', start)).toBe('applied');
});

it('a worker that somebody has started again since is not started by undo', async () => {
  const captured = await runner('sync').capture('traffic', stop);
  await runner('sync').execute('traffic', stop);
  await daemon.pm2('start', 'sync');
  const running = await pids('sync');
  await runner('sync').undo('traffic', stop, captured);
  expect(await pids('sync')).toEqual(running);
});

it('a worker that pm2 does not know is not taken for a stopped one', async () => {
  await expect(runner('nobody').execute('traffic', stop)).rejects.toMatchObject({ code: 'provider-refused' });
});
