import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.js';
import { ScenarioFolder } from '../support/scenario-file.js';

let folder: ScenarioFolder;
let stdout = '';
let stderr = '';
let good: string;
let bad: string;

beforeAll(async () => {
  folder = await ScenarioFolder.create();
  const base = { values: { ErrorRateHigh: '0.01x3 0.25' }, health: { checkout: 'up' } };
  const holds = { name: 'holds', ...base, expect: [{ at: '3m', rollback: { level: 1 } }] };
  good = await folder.write('good.yaml', { scenarios: [holds, { name: 'holds, too', ...base, expect: [{ not: { rollback: {} }, by: '2m' }] }] });
  bad = await folder.write('bad.yaml', { scenarios: [holds, { name: 'fails <&">', ...base, expect: [{ at: '3m', rollback: { level: 3 } }] }] });
});
afterAll(() => folder.remove());

beforeEach(() => {
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const belay = (...argv: string[]): Promise<number> => main(['--config', join(folder.path, 'belay.yaml'), 'test', ...argv]);

describe('belay test', () => {
  test('exits 0 when all is well', async () => {
    expect(await belay(good)).toBe(0);
    expect(stdout).toBe('✓ holds\n✓ holds, too\nwell: 2 scenarios\n');
  });

  test('exits 1 when a scenario fails, and says what was expected and what happened', async () => {
    expect(await belay(good, bad)).toBe(1);
    expect(stdout).toContain('    - expected  at 3m: rollback level=3\n    + happened  at 3m: rollback level=1 plan=flag-off');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 of 4 scenarios failed');
  });

  test('--run runs the one of that name; a name that nobody has is wrong use', async () => {
    expect(await belay(bad, '--run', 'holds')).toBe(0);
    expect(stdout).toBe('✓ holds\nwell: 1 scenario\n');
    expect(await belay(bad, '--run', 'nobody')).toBe(2);
    expect(stderr).toContain('no scenario is named "nobody"; there are: holds, fails');
  });

  test('without a file it is wrong use, with a file that is not valid the answer is bad', async () => {
    expect(await belay()).toBe(2);
    expect(await belay(await folder.write('broken.yaml', 'scenarios: [ { name: one, expct: [] } ]\n'))).toBe(1);
    expect(stdout).toMatch(/broken\.yaml:1:27: error: unknown key "expct"/);
    expect(stdout).toContain('did you mean "expect"?');
  });

  test('--verbose prints what happened', async () => {
    expect(await belay(good, '--verbose')).toBe(0);
    expect(stdout).toContain('3m  decision execute: sustained-breach, level 1, plan flag-off');
  });

  test('--json says the same for scripts, and the same every time', async () => {
    expect(await belay(bad, '--json')).toBe(1);
    const first = stdout;
    stdout = '';
    await belay(bad, '--json');
    expect(stdout).toBe(first);
    expect(JSON.parse(first)).toMatchObject({
      ok: false,
      scenarios: [
        { name: 'holds', ok: true, failures: [], timeline: [{ atSeconds: 60 }, { atSeconds: 180 }, ...Array<unknown>(7).fill({ atSeconds: 180 })] },
        { ok: false, failures: [{ expected: 'at 3m: rollback level=3', happened: ['at 3m: rollback level=1 plan=flag-off outcome=success mode=enforce'] }] },
      ],
    });
  });

  test('--junit writes a case for each scenario', async () => {
    const file = join(folder.path, 'junit.xml');
    expect(await belay(good, bad, '--junit', file)).toBe(1);
    const xml = await readFile(file, 'utf8');
    expect(xml).toContain('<testsuites name="belay test" tests="4" failures="1" errors="0">');
    expect(xml).toContain('name="fails &lt;&amp;&quot;&gt;">');
    expect(xml).toContain('<failure message="expected at 3m: rollback level=3">');
    expect(xml.match(/<testcase/g)).toHaveLength(4);
    expect(await belay(good, '--junit', join(folder.path, 'no', 'where.xml'))).toBe(2);
  });
});
