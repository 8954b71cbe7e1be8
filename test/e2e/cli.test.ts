import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BelayProcess } from '../support/belay-process.js';

const plan = (id: string, level: number): object => ({
  id, name: id, description: '', phase: 'complete-transition', target: 'shop', level, dependencies: [], estimatedDuration: 1,
  steps: [{ id: 'note', name: 'Write a note', description: '', type: 'command', parameters: { command: [process.execPath, '-e', "require('node:fs').appendFileSync('note.txt', 'x')"] }, timeout: 10 }],
  verification: { checks: [{ type: 'command', name: 'note', command: ['test', '-s', 'note.txt'] }], hold: '200ms', timeout: '5s', interval: '100ms' },
});
const rule = { target: 'shop', triggers: [{ name: 'ShopErrors', source: 'prometheus', expr: 'errors', condition: '> 10%', for: '5m', levels: [1, 3] }] };

let belay: BelayProcess;

beforeEach(async () => {
  belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'test',
      mode: 'enforce',
      store: 'sqlite:./belay.db',
      // Nobody answers there: what matters here works without a source.
      sources: { prometheus: { type: 'prometheus', url: 'http://127.0.0.1:1', interval: '1s' } },
      targets: { shop: { owners: ['shop-team'] } },
    },
    'rules/shop.yaml': rule,
    'plans/note.yaml': plan('note', 1),
    'plans/back.yaml': plan('back', 4),
  });
});

afterEach(() => belay.stop());

describe('the command line and a running daemon', () => {
  it('shows what the daemon sees, also as JSON', async () => {
    const status = await belay.cli('status');
    expect(status).toMatchObject({ code: 0 });
    expect(status.stdout).toMatch(/guards test in mode enforce/);
    expect(status.stdout).toMatch(/shop {2}well/);
    expect(JSON.parse((await belay.cli('status', '--json')).stdout)).toMatchObject({ environment: 'test', targets: [{ name: 'shop' }], triggers: [{ name: 'ShopErrors' }] });
  });

  it('says of a trigger whose question is not answered that it is blind, and why', async () => {
    const shown = await belay.until('the blind trigger', 10_000, async () => {
      const { stdout } = await belay.cli('status');
      return stdout.includes('blind') ? stdout : undefined;
    });
    expect(shown).toMatch(/ShopErrors {2}blind {2}> 10% for 5m {2}\S.*127\.0\.0\.1:1/);
  });

  it('starts a plan by hand, follows it, and finds the incident again', async () => {
    const run = await belay.cli('rollback', '--target', 'shop', '--level', '1', '--reason', 'customers complain');
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(/^success; recovered/);
    expect(run.stderr).toMatch(/success: Write a note/);
    expect(await readFile(`${belay.directory}/note.txt`, 'utf8')).toBe('x');
    const list = await belay.cli('incidents');
    const id = /incident-\S+/.exec(list.stdout)?.[0] ?? '';
    const incident = await belay.cli('incidents', id);
    expect(incident.stdout).toMatch(/plan note {2}success[\s\S]*manual, by local operator[\s\S]*verification: recovered/);
    expect(JSON.parse((await belay.cli('incidents', id, '--json')).stdout)).toMatchObject({ id, status: 'recovered' });
  });

  it('tells what a dry run would do and does nothing', async () => {
    const run = await belay.cli('rollback', 'note', '--dry-run');
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/Write a note \(command\)\n {5}run [\s\S]*would-have\n$/);
    await expect(readFile(`${belay.directory}/note.txt`)).rejects.toThrow('ENOENT');
  });

  it('asks first before a level that takes an approval, says who must agree, and does not let an operator answer', async () => {
    const run = await belay.cli('rollback', 'back', '--reason', 'data is lost');
    expect(run.code).toBe(0);
    const approval = run.stdout.trim();
    expect(run.stderr).toMatch(/nothing has started: it takes one approver by .*\nto approve: belay approve approval-/);
    expect((await belay.cli('status')).stdout).toContain(`plan back waits for one approver`);
    const refused = await belay.cli('approve', approval);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('approver')]);
    const [incident] = await belay.incidents();
    expect(await belay.cli('ack', incident?.id ?? '')).toMatchObject({ code: 0 });
    expect((await belay.cli('incidents', incident?.id ?? '')).stdout).toMatch(/awaiting-approval[\s\S]*seen by local operator[\s\S]*local operator wants plan back to be run: data is lost/);
    expect(await belay.cli('close', incident?.id ?? '', '--reason', 'not needed')).toMatchObject({ code: 0 });
  });

  it('pauses, resumes and marks', async () => {
    expect(await belay.cli('pause', '--target', 'shop', '--reason', 'migration', '--for', '1h')).toMatchObject({ code: 0 });
    expect((await belay.cli('status')).stdout).toMatch(/paused \(shop\) by local operator: migration/);
    expect(await belay.cli('resume', '--target', 'shop', '--reason', 'migration done')).toMatchObject({ code: 0, stdout: 'resumed shop\n' });
    expect((await belay.cli('resume', '--target', 'shop')).code).toBe(1);
    expect(await belay.cli('mark', 'deploy', '--target', 'shop', '--version', 'v2')).toMatchObject({ code: 0 });
    const paused = JSON.parse((await belay.cli('pause', '--reason', 'all hands', '--json')).stdout) as { id: string };
    expect(JSON.parse((await belay.cli('resume', '--json')).stdout)).toMatchObject({ resumed: [{ id: paused.id, reason: 'all hands' }] });
    expect((await belay.cli('mark', 'deploy', '--target', 'nowhere', '--version', 'v2')).stderr).toMatch(/no target nowhere/);
  });

  it('says what was wrong by its exit code', async () => {
    expect((await belay.cli('rollback', '--reason', 'x')).code).toBe(2);
    expect((await belay.cli('rollback', '--target', 'shop', '--level', '1')).code).toBe(2);
    expect((await belay.cli('frobnicate')).code).toBe(2);
    expect((await belay.cli('rollback', 'nothing', '--reason', 'x')).code).toBe(1);
    expect((await belay.cli('incidents', 'incident-0')).code).toBe(1);
    await belay.end('SIGTERM');
    const gone = await belay.cli('status');
    expect(gone).toMatchObject({ code: 3, stdout: '' });
    expect(gone.stderr).toMatch(/no Belay daemon answers at http:\/\/127\.0\.0\.1:\d+/);
  });
});

describe('reading the files again', () => {
  it('takes a good change over with SIGHUP, and keeps the old rules when a file is bad', async () => {
    await belay.write({ 'rules/shop.yaml': { ...rule, triggers: [{ ...rule.triggers[0], condition: '> 20%' }] } });
    process.kill(belay.pid, 'SIGHUP');
    await belay.until('the new threshold', 10_000, async () => ((await belay.cli('status')).stdout.includes('> 20% for 5m') ? true : undefined));
    await belay.write({ 'rules/shop.yaml': { ...rule, triggers: [{ ...rule.triggers[0], condition: '> banana' }] } });
    process.kill(belay.pid, 'SIGHUP');
    const refused = await belay.until('the refusal', 10_000, async () => {
      const status = await belay.get<{ configurationRefused?: { problems: string[] } }>('/api/v1/status');
      return status.configurationRefused?.problems;
    });
    expect(refused.join('\n')).toMatch(/rules\/shop\.yaml:1:\d+: error: .*banana/);
    expect((await belay.cli('status')).stdout).toMatch(/the files on disk are refused[\s\S]*> 20% for 5m/);
    const check = await belay.cli('check');
    expect(check).toMatchObject({ code: 1 });
    expect(check.stdout).toMatch(/rules\/shop\.yaml:1:\d+: error: [\s\S]*1 error/);
  });

  it('refuses a second daemon on the same store', async () => {
    const second = await belay.cli('run');
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/belay\.db/);
  });
});
