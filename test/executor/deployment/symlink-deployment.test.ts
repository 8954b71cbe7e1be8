import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJsonService } from '../../support/json-service.js';
import { carriers, waitFor } from '../../support/processes.js';
import { StepRunner } from '../../support/step-runner.js';

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'belay-symlink-')));
  for (const version of ['v1', 'v2', '1.5.2']) mkdirSync(file(`releases/${version}`), { recursive: true });
  writeFileSync(file('releases/README'), 'no release');
  symlinkSync('releases/v2', file('current'));
  script('reload', 'echo "$1 $(readlink current)" >> log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string): string => join(directory, name);
const script = (name: string, text: string): void => writeFileSync(file(name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
const log = (): string[] => readFileSync(file('log'), 'utf8').trim().split('\n');
const names = (): string[] => readdirSync(directory).sort();
const wanted = (version: string): Record<string, unknown> => ({ service: 'shop', version, environment: 'production' });
const runner = (binding: Record<string, unknown> = {}): StepRunner =>
  new StepRunner({ directory, bindings: { deployments: { shop: { type: 'symlink', releases: 'releases', link: 'current', reload: ['./reload', '${version}'], ...binding } } } });

describe('a release link', () => {
  it('is moved, then the command runs, and it can be undone', async () => {
    expect(await runner().describe('deployment', wanted('v1'))).toEqual({ summary: 'deployment of shop in production: v2 → v1', before: 'v2', after: 'v1' });
    const captured = await runner().capture('deployment', wanted('v1'));
    await runner().execute('deployment', wanted('v1'));
    await runner().execute('deployment', wanted('v1'));
    expect(log()).toEqual(['v1 releases/v1']);
    expect(await runner().state('deployment', wanted('v1'))).toBe('applied');

    await runner().undo('deployment', wanted('v1'), captured);
    expect(log()).toEqual(['v1 releases/v1', 'v2 releases/v2']);
    expect(names()).toEqual(['current', 'log', 'releases', 'reload']);
    await expect(runner().undo('deployment', wanted('v1'), '1.5.2')).rejects.toMatchObject({ code: 'state-drifted' });
  });

  it('is made where there was none, and taken away again when the release does not come up', async () => {
    rmSync(file('current'));
    await expect(runner({ reload: ['false'] }).execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'command-failed', message: 'false exited with 1; there was nothing before it' });
    expect(names()).not.toContain('current');
    await runner().execute('deployment', wanted('v1'));
    expect(readlinkSync(file('current'))).toBe('releases/v1');
  });

  it('goes back when the command fails, with the command run for the release before', async () => {
    script('reload', 'echo "$1 $(readlink current)" >> log; test "$1" = v2 || { echo broken >&2; exit 3; }');
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'command-failed', message: './reload exited with 3: broken; v2 was switched back' });
    expect(log()).toEqual(['v1 releases/v1', 'v2 releases/v2']);
    expect(await runner().state('deployment', wanted('v2'))).toBe('applied');
    expect(names()).toEqual(['current', 'log', 'releases', 'reload']);
  });

  it('says so when neither comes up, and knows that the switch was not finished', async () => {
    script('reload', 'exit 4');
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({
      code: 'state-not-as-wanted',
      message: './reload exited with 4; v2 was put back in its place, but could not be brought up again: ./reload exited with 4',
    });
    expect(readlinkSync(file('current'))).toBe('releases/v2');
    expect(await runner().state('deployment', wanted('v2'))).toBe('not-applied');
    script('reload', 'echo up');
    await runner().execute('deployment', wanted('v2'));
    expect(await runner().state('deployment', wanted('v2'))).toBe('applied');
  });

  it('is moved back when the time is over, with nothing left running', async () => {
    script('reload', 'echo "$1" >> log; test "$1" = v2 && exit; setsid sleep 1000 & sleep 1000');
    const abort = new AbortController();
    const outcome = runner().execute('deployment', wanted('v1'), abort.signal, 'slow-reload').catch((error: unknown) => error);
    await waitFor(() => names().includes('log'));
    abort.abort(new Error('too slow'));
    expect(await outcome).toMatchObject({ message: 'too slow' });
    expect(carriers('BELAY_ATTEMPT_ID=slow-reload')).toEqual([]);
    expect([readlinkSync(file('current')), log()]).toEqual(['releases/v2', ['v1', 'v2']]);
  });

  it('that was moved before a crash is reloaded after it, and still goes back to where it was', async () => {
    // What a process that is killed after the move leaves behind.
    symlinkSync('v2/v1', file('.current.switching'));
    rmSync(file('current'));
    symlinkSync('releases/v1', file('current'));
    expect(await runner().state('deployment', wanted('v1'))).toBe('not-applied');
    expect((await runner().describe('deployment', wanted('v1'))).summary).toContain('a switch from v2 to v1 that was not finished → v1');
    expect(await runner().capture('deployment', wanted('v1'))).toBe('v2');

    await expect(runner({ reload: ['sh', '-c', 'test "$0" = v2', '${version}'] }).execute('deployment', wanted('v1'))).rejects.toMatchObject({ message: expect.stringMatching(/v2 was switched back$/) as string });
    expect(readlinkSync(file('current'))).toBe('releases/v2');
    await runner().execute('deployment', wanted('v1'));
    expect(log()).toEqual(['v1 releases/v1']);

    // Somebody has deployed by hand since, so that nothing is open.
    symlinkSync('v2/1.5.2', file('.current.switching'));
    expect(await runner().state('deployment', wanted('v1'))).toBe('applied');
  });
});

describe('what clients see', () => {
  it('counts: the release is up once it serves, and is taken back when it does not', async () => {
    let isWell = true;
    const service = await startJsonService(() => {
      const version = readlinkSync(file('current')).replace('releases/', '');
      return isWell || version === 'v2' ? { status: 200, body: { status: 'healthy', version } } : { status: 503, body: { status: 'broken' } };
    });
    const binding = { ready: { url: `${service.url}/health`, expect: { json: { status: 'healthy' } } }, current: { url: `${service.url}/health`, jsonPointer: '/version' }, stableFor: '1s', startWithin: '2s' };
    const startedAt = performance.now();
    await runner(binding).execute('deployment', wanted('v1'));
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    await runner(binding).execute('deployment', wanted('v2'));

    isWell = false;
    await expect(runner(binding).execute('deployment', wanted('v1'))).rejects.toMatchObject({
      code: 'state-not-as-wanted',
      message: expect.stringMatching(/^release v1 has not come up within 2 s: GET .*\/health answered 503.*; v2 was switched back$/) as string,
    });
    expect(await runner(binding).state('deployment', wanted('v2'))).toBe('applied');
    await service.close();
    expect(await runner(binding).state('deployment', wanted('v2'))).toBe('unknown');
  });

  it('may be the version itself, in a page or in a part of its JSON', async () => {
    const service = await startJsonService(() => ({ status: 200, body: { meta: `version ${readlinkSync(file('current')).replace('releases/', '')}` } }));
    const ready = (expected: object): Record<string, unknown> => ({ ready: { url: service.url, expect: expected }, startWithin: '1s' });
    await runner(ready({ contains: 'version ${version}' })).execute('deployment', wanted('v1'));
    await runner(ready({ json: { meta: 'version ${version}' } })).execute('deployment', wanted('v2'));
    await expect(runner(ready({ contains: 'release ${version}' })).execute('deployment', wanted('v1'))).rejects.toThrow('answered without the text "release v1"');
    await service.close();
  });
});

describe('a version that is no release', () => {
  it('is refused with those that are, before anything is touched', async () => {
    await expect(runner().execute('deployment', wanted('v9'))).rejects.toMatchObject({ code: 'provider-refused', message: `there is no release "v9" in ${file('releases')}; there are 1.5.2, v1, v2` });
    expect((await runner().describe('deployment', wanted('v9'))).summary).toContain('there is no release "v9"');
    expect(names()).toEqual(['current', 'releases', 'reload']);
  });

  it.each(['..', '.', '../releases/v1', 'v1/', 'v1/../v2', 'README', '/etc', 'V1', 'v1\n', '$(id)'])('%j is none', async (version) => {
    await expect(runner().execute('deployment', wanted(version))).rejects.toMatchObject({ code: 'provider-refused' });
    expect(readlinkSync(file('current'))).toBe('releases/v2');
  });

  it('nor is a link out of the releases, or a link that is a directory', async () => {
    symlinkSync('/etc', file('releases/etc'));
    await expect(runner().execute('deployment', wanted('etc'))).rejects.toMatchObject({ code: 'provider-refused' });
    rmSync(file('current'));
    symlinkSync('/etc', file('current'));
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'provider-refused', message: `${file('current')} leads to /etc, which is not in ${file('releases')}` });
    rmSync(file('current'));
    mkdirSync(file('current'));
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('is not a symlink') as string });
    expect(names()).toEqual(['current', 'releases', 'reload']);
  });
});
