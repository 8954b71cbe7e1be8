import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pm2Control } from '../../../src/executor/deployment/pm2-control.js';
import { parsePm2List } from '../../../src/executor/deployment/pm2-list.js';
import { startPm2, type Pm2Daemon } from '../../support/pm2-daemon.js';
import { carriers, isAlive } from '../../support/processes.js';

const effort = () => ({ signal: AbortSignal.timeout(20_000), attemptId: 'pm2-control-test' });

describe('a pm2 daemon', () => {
  let daemon: Pm2Daemon;
  let control: Pm2Control;

  beforeAll(async () => {
    daemon = await startPm2();
    control = new Pm2Control({ pm2: [daemon.program], home: daemon.home }, '/');
    writeFileSync(join(daemon.home, 'idle.cjs'), `process.on('SIGINT', () => process.exit(0)); setInterval(() => {}, 1_000);`);
    await daemon.pm2('start', 'idle.cjs', '--name', 'sync-worker');
    await daemon.pm2('start', 'idle.cjs', '--name', 'web [2]', '-i', '2');
  }, 30_000);
  afterAll(() => daemon.stop(), 30_000);

  it('lists its processes by name, each with what runs', async () => {
    const web = await control.processesOf('web [2]', effort());
    expect(web).toMatchObject([
      { status: 'online', mode: 'cluster', restarts: 0, script: join(daemon.home, 'idle.cjs'), cwd: daemon.home },
      { status: 'online', mode: 'cluster' },
    ]);
    expect(web.every(({ pid }) => isAlive(pid!))).toBe(true);
  });

  it('stops a process by name, and only that, until its pid has gone; starts it again', async () => {
    const [{ pid }] = await control.processesOf('sync-worker', effort());
    await control.stop('sync-worker', effort());
    expect(isAlive(pid!)).toBe(false);
    expect((await control.list(effort())).map(({ name, status }) => `${name}: ${status}`)).toEqual(['sync-worker: stopped', 'web [2]: online', 'web [2]: online']);
    await control.stop('sync-worker', effort());

    await control.start('sync-worker', effort());
    expect((await control.processesOf('sync-worker', effort()))[0]).toMatchObject({ status: 'online' });
    // What outlives the step carries nothing of it: a later timeout would end it.
    expect(carriers('BELAY_ATTEMPT_ID=pm2-control-test')).toEqual([]);
  });

  it('replaces each instance by a new one', async () => {
    const before = await control.processesOf('web [2]', effort());
    await control.replace('reload', before, effort());
    const after = await control.processesOf('web [2]', effort());
    expect(after.map(({ id, status }) => ({ id, status }))).toEqual(before.map(({ id }) => ({ id, status: 'online' })));
    expect(after.map(({ pid }) => pid).filter((pid) => before.some((process) => process.pid === pid))).toEqual([]);
    expect(carriers('BELAY_ATTEMPT_ID=pm2-control-test')).toEqual([]);
  });

  it('leaves the environment of an ecosystem file to it, and gives nothing of its own', async () => {
    writeFileSync(join(daemon.home, 'ecosystem.config.cjs'), `module.exports = { apps: [{ name: 'eco', script: 'idle.cjs', exec_mode: 'fork', env: { SHOP_MODE: 'from-file' } }] };`);
    await daemon.pm2('start', 'ecosystem.config.cjs');
    const before = await control.processesOf('eco', effort());
    await control.replace('reload', before, effort());
    const [after] = await control.processesOf('eco', effort());
    expect(after.pid).not.toBe(before[0].pid);
    expect([carriers('SHOP_MODE=from-file').includes(after.pid ?? 0), carriers('BELAY_ATTEMPT_ID=pm2-control-test')]).toEqual([true, []]);
    await daemon.pm2('delete', 'eco');
  });

  it.each(['all', '/sync/', 'default', '0', '--help', '; true', 'sync-worker\n', '$(id)', 'x'.repeat(4_000)])('takes %.40j for a name and nothing else', async (name) => {
    await expect(control.stop(name, effort())).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('it has sync-worker, web [2]') as string });
    expect((await control.list(effort())).every(({ status }) => status === 'online')).toBe(true);
  });

  it('is refused where a name could be taken for an id', async () => {
    const [{ id }] = await control.processesOf('sync-worker', effort());
    await daemon.pm2('start', 'idle.cjs', '--name', String(id), '--force');
    await expect(control.stop('sync-worker', effort())).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('rename it') as string });
  });
});

describe('without a daemon', () => {
  it('says so, and starts none', async () => {
    const home = mkdtempSync(join(tmpdir(), 'belay-no-pm2-'));
    const control = new Pm2Control({ pm2: ['false'], home }, '/');
    await expect(control.list(effort())).rejects.toMatchObject({ code: 'provider-unreachable', message: `no pm2 daemon runs in ${home}; start it (pm2 resurrect) as the user whose processes it keeps` });
    rmSync(home, { recursive: true });
  });
});

describe('what jlist prints', () => {
  const list = JSON.stringify([{ name: 'web', pm_id: 0, pid: 7, pm2_env: { status: 'online', restart_time: 2, exec_mode: 'cluster_mode', env: { LIST: '[{"a":1}]' } } }]);

  it('is found among whatever pm2 says around it', () => {
    const noise = '[PM2] Spawning PM2 daemon [old]\n>>>> In-memory PM2 is out-of-date, do:\n>>>> $ pm2 update [] \n';
    for (const output of [list, `${noise}${list}\n`, `${list} done [ok]`, `\x1b[33m${noise}\x1b[39m${list}\n[PM2] bye\n`]) {
      expect(parsePm2List(output), output).toMatchObject([{ id: 0, name: 'web', pid: 7, restarts: 2, mode: 'cluster' }]);
    }
    expect(parsePm2List('[PM2] hello\n[]\n')).toEqual([]);
  });

  it('names no process by a pid that it does not have, and no id of one that is about to leave', () => {
    const leaving = JSON.stringify([{ name: 'web', pm_id: '_old_0', pid: 0, pm2_env: { status: 'stopping', restart_time: 0 } }]);
    expect(parsePm2List(leaving)).toMatchObject([{ id: undefined, pid: undefined, status: 'stopping', mode: 'fork' }]);
  });

  it.each(['', 'command not found', '[PM2][ERROR] no', '[{"name": "web"}]', list.slice(0, -1)])('is refused when it is no list: %.40j', (output) => {
    expect(() => parsePm2List(output)).toThrow('did not print a list of processes');
  });
});
