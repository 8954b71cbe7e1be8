import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BelayProcess } from '../support/belay-process.js';
import { isAlive, waitFor } from '../support/processes.js';

const step = (id: string, type: string, parameters: object, more: object = {}): object => ({ id, name: id, type, parameters, timeout: 10, ...more });
/** Says that it has begun, and then waits for the file `go`. */
const slowly = (text: string): string[] => [process.execPath, '-e', `const fs = require('node:fs'); fs.appendFileSync('begun.txt', process.pid + '\\n'); (function look() { if (fs.existsSync('go')) fs.appendFileSync('log.txt', ${JSON.stringify(text)}); else setTimeout(look, 20); })()`];
const append = (text: string): string[] => [process.execPath, '-e', `require('node:fs').appendFileSync('log.txt', ${JSON.stringify(text)})`];

let belay: BelayProcess;
const read = (file: string): Promise<string> => readFile(`${belay.directory}/${file}`, 'utf8');
const flag = async (): Promise<string> => (JSON.parse(await read('flags.json')) as { flags: { shiny: { defaultVariant: string } } }).flags.shiny.defaultVariant;

beforeEach(async () => {
  belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'test',
      mode: 'enforce',
      store: 'sqlite:./belay.db',
      targets: { shop: {} },
      featureFlags: { default: { type: 'file', path: 'flags.json' } },
      configurations: { shop: { type: 'file', path: 'shop.env' } },
    },
    'flags.json': { flags: { shiny: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } } },
    'shop.env': 'LIMIT=10\n',
    'plans/shop.yaml': {
      id: 'back', name: 'All back', target: 'shop', level: 1, budget: '10m', estimatedDuration: 2,
      steps: [
        step('flag', 'feature-flag', { flagKey: 'shiny', targetState: false }),
        step('limit', 'configuration', { service: 'shop', configItems: { LIMIT: '5' } }, { group: 'side' }),
        step('log', 'command', { command: append('done '), undo: append('undone ') }, { group: 'side' }),
        step('by-alert', 'wait', { duration: '1s' }, { when: { trigger: 'automatic' } }),
      ],
      verification: { checks: [{ type: 'command', name: 'log', command: ['test', '-s', 'log.txt'] }], hold: '200ms', timeout: '5s', interval: '100ms' },
    },
  });
  await writeFile(`${belay.directory}/shop.env`, '# limits\nLIMIT=10\n');
});
afterEach(() => belay.stop());

async function rollBack(): Promise<string> {
  const { stdout, code } = await belay.cli('rollback', 'back', '--json');
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { executionId: string }).executionId;
}

describe('plan, undo and verify', () => {
  it('shows what a plan would change, through the daemon and without it', async () => {
    for (const options of [[], ['--local']]) {
      const { stdout, code } = await belay.cli('plan', 'back', ...options);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^back {2}All back\ntarget shop, level 1 \(feature flag\), estimated 2m, budget 10m/);
      expect(stdout).toMatch(/1\. flag \(feature-flag\)\n {5}flag shiny in flags\.json: on → off/);
      expect(stdout).toMatch(/2\. limit \(configuration, side by side in side\)\n {5}configuration of shop: .*10.* → .*5/);
      expect(stdout).toMatch(/by-alert \(wait\)\n {5}left out: trigger is manual, not automatic/);
    }
    const described = JSON.parse((await belay.cli('plan', 'back', '--json')).stdout) as { steps: object[] };
    expect(described.steps[0]).toMatchObject({ key: 'back/flag', before: 'on', after: 'off' });
    expect((await belay.cli('plan')).stdout).toMatch(/back {2}shop {2}level 1/);
    expect((await belay.cli('plan', 'nothing')).code).toBe(1);
    const dry = await belay.cli('rollback', 'back', '--dry-run');
    expect(dry.stdout).toMatch(/flag shiny in flags\.json: on → off[\s\S]*would-have\n$/);
    expect(await flag()).toBe('on');
  });

  it('puts everything back, proves it, and refuses to do so twice', async () => {
    const run = await rollBack();
    expect([await flag(), await read('shop.env'), await read('log.txt')]).toEqual(['off', '# limits\nLIMIT=5\n', 'done ']);

    const dry = await belay.cli('undo', run, '--dry-run');
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toMatch(/left out: it was skipped[\s\S]*run .*undone[\s\S]*5.* → .*10[\s\S]*flag shiny in flags\.json: .*off.* → .*on/);
    expect(await flag()).toBe('off');

    const undo = await belay.cli('undo', run, '--reason', 'it was not that');
    expect(undo).toMatchObject({ code: 0 });
    expect(undo.stdout).toMatch(/^success; recovered/);
    expect([await flag(), await read('shop.env'), await read('log.txt')]).toEqual(['on', '# limits\nLIMIT=10\n', 'done undone ']);

    const again = await belay.cli('undo', run);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/has been undone, by rollback-/);
    const incidents = JSON.parse((await belay.cli('incidents', '--json')).stdout) as { incidents: { id: string }[] };
    expect((await belay.cli('incidents', incidents.incidents[0]?.id ?? '')).stdout).toMatch(/undo of plan back {2}success[\s\S]*manual, by local operator[\s\S]*verification: recovered/);
  });

  it('touches nothing where somebody has been at one of the states', async () => {
    const run = await rollBack();
    await writeFile(`${belay.directory}/shop.env`, 'LIMIT=7\n');
    const undo = await belay.cli('undo', run);
    expect(undo.code).toBe(1);
    expect(undo.stderr).toMatch(/nothing was touched: step limit: .*no longer/);
    expect([await flag(), await read('log.txt')]).toEqual(['off', 'done ']);
    expect((await belay.cli('undo', run, '--dry-run')).code).toBe(1);
  });

  it('verifies again after the incident, and tells what it found', async () => {
    const run = await rollBack();
    expect(await belay.cli('verify', run)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^recovered: /) as string });
    await writeFile(`${belay.directory}/log.txt`, '');
    const bad = await belay.cli('verify', run, '--json');
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({ by: 'local operator', result: { outcome: 'not-recovered' } });
    expect((await belay.cli('verify', 'rollback-0')).code).toBe(1);
  });

  it('goes on after kill -9 in the middle of it: what is back stays back, the rest follows, and nothing is done twice', async () => {
    const plan = JSON.parse(await read('plans/shop.yaml')) as { steps: object[] };
    const steps = [plan.steps[0], step('slow', 'command', { command: append('done '), undo: slowly('undone ') }, { timeout: 60 }), plan.steps[1]];
    await belay.write({ 'plans/shop.yaml': { ...plan, steps } });
    expect((await belay.post('/-/reload', {})).status).toBe(204);
    const run = await rollBack();
    expect((await belay.post(`/api/v1/rollbacks/${run}/undo`, { reason: 'it was not that' })).status).toBe(202);
    await waitFor(() => existsSync(`${belay.directory}/begun.txt`));
    expect(await belay.end('SIGKILL')).toBe('SIGKILL');
    const orphan = Number((await read('begun.txt')).trim());
    expect([isAlive(orphan), await read('shop.env'), await flag(), await read('log.txt')]).toEqual([true, '# limits\nLIMIT=10\n', 'off', 'done ']);
    await belay.start();
    await waitFor(() => readFileSync(`${belay.directory}/begun.txt`, 'utf8').trim().split('\n').length === 2);
    expect(isAlive(orphan)).toBe(false);
    await writeFile(`${belay.directory}/go`, '');
    const { rungs } = await belay.incident('over', 20_000, ({ rungs: [rung] }) => rung?.undoes === run && rung.verification?.result !== undefined);
    expect([rungs[0]?.outcome, rungs[0]?.verification?.result?.outcome, rungs[0]?.steps.map(({ key, attempts }) => [key, attempts])]).toEqual(['success', 'recovered', [['back/limit', 1], ['back/slow', 2], ['back/flag', 1]]]);
    expect([await read('shop.env'), await flag(), await read('log.txt')]).toEqual(['# limits\nLIMIT=10\n', 'on', 'done undone ']);
    const again = await belay.cli('undo', run);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/has been undone, by /) as string });
  });
});
