import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { carriers, waitFor } from '../../support/processes.js';
import { StepRunner } from '../../support/step-runner.js';

// Programs that answer as the documentation of docker compose (v2) and systemctl (252) has it: no engine runs here.
let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'belay-contract-')));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string): string => join(directory, name);
const write = (name: string, text: string): void => writeFileSync(file(name), text);
const read = (name: string): string => readFileSync(file(name), 'utf8');
const calls = (): string[] => (existsSync(file('calls')) ? read('calls').trim().split('\n') : []);
const wanted = (version: string): Record<string, unknown> => ({ service: 'api', version, environment: 'production' });
function program(name: string, text: string): void {
  write(name, text);
  chmodSync(file(name), 0o755);
}

describe('docker compose', () => {
  /** `up` makes a container of the .env file's tag; what becomes of a tag is in `fate-TAG`: state, health, exit code. */
  const docker = `#!/bin/bash
cd "$(dirname "$0")"
printf '%s\\n' "$*" >> calls
tag=$(sed -n 's/^API_TAG=//p' project/.env)
case "$*" in
  *' up --detach --no-deps api')
    if [ -e slow ]; then sleep 1000 & sleep 1000; fi
    if [ "$tag" = missing ]; then echo 'Error response from daemon: manifest for shop/api:missing not found: manifest unknown' >&2; exit 1; fi
    echo "$tag" > running; echo "$RANDOM" > id ;;
  *' ps --all --format json api')
    [ -e running ] || exit 0
    tag=$(cat running); read -r state health code < <(cat "fate-$tag" 2>/dev/null || echo running healthy 0)
    entry=$(printf '{"ID":"%s","Name":"shop-api-1","Service":"api","Image":"registry:5000/shop/api:%s","State":"%s","Health":"%s","ExitCode":%s,"Publishers":[]}' "$(cat id)" "$tag" "$state" "\${health/none/}" "$code")
    if [ -e old-compose ]; then echo "[$entry]"; else echo "$entry"; fi ;;
  *) echo "unknown command: $*" >&2; exit 16 ;;
esac
`;
  const runner = (binding: Record<string, unknown> = {}): StepRunner =>
    new StepRunner({ directory, bindings: { deployments: { api: { type: 'compose', docker: ['./docker'], projectDirectory: 'project', service: 'api', tagVariable: 'API_TAG', stableFor: '0s', startWithin: '1s', ...binding } } } });

  beforeEach(() => {
    program('docker', docker);
    mkdirSync(file('project'));
    write('project/.env', '# tags\nAPI_TAG=v2\nOTHER=1\n');
    write('running', 'v2');
    write('id', '1');
  });

  it.each(['one object per line', 'one list, as before 2.21'])('brings a tag up, reads the running image back, and undoes it (%s)', async (shape) => {
    if (shape !== 'one object per line') write('old-compose', '');
    expect(await runner().describe('deployment', wanted('v1'))).toEqual({ summary: 'deployment of api in production: v2 → v1', before: 'v2', after: 'v1' });
    const captured = await runner().capture('deployment', wanted('v1'));
    await runner().execute('deployment', wanted('v1'));
    expect([read('project/.env'), read('running')]).toEqual(['# tags\nAPI_TAG=v1\nOTHER=1\n', 'v1\n']);
    const base = `compose --project-directory ${file('project')} --env-file ${file('project/.env')}`;
    expect(calls()).toContain(`${base} up --detach --no-deps api`);
    const ups = calls().filter((call) => call.includes(' up ')).length;
    await runner().execute('deployment', wanted('v1'));
    expect(calls().filter((call) => call.includes(' up '))).toHaveLength(ups);
    await runner().undo('deployment', wanted('v1'), captured);
    expect(await runner().state('deployment', wanted('v2'))).toBe('applied');
  });

  it.each([
    ['exited 0', 'exited none 3', 'shop-api-1 is exited (exit code 3)'],
    ['unhealthy', 'running unhealthy 0', 'shop-api-1 is unhealthy'],
    ['restarting', 'restarting none 1', 'shop-api-1 is restarting (exit code 1)'],
    ['starting for ever', 'running starting 0', 'shop-api-1 is starting'],
  ])('goes back when the container is %s', async (_how, fate, problem) => {
    write('fate-v3', fate);
    await expect(runner().execute('deployment', wanted('v3'))).rejects.toMatchObject({ code: 'state-not-as-wanted', message: expect.stringMatching(new RegExp(`^api v3 .*${problem.replaceAll(/[()]/g, '\\$&')}; v2 was switched back$`)) as string });
    expect(await runner().state('deployment', wanted('v2'))).toBe('applied');
  });

  it('goes back when there is no such image, and says what docker said', async () => {
    await expect(runner().execute('deployment', wanted('missing'))).rejects.toMatchObject({ code: 'command-failed', message: expect.stringMatching(/^docker compose up exited with 1: .*manifest unknown; v2 was switched back$/) as string });
    expect([read('project/.env'), read('running')]).toEqual(['# tags\nAPI_TAG=v2\nOTHER=1\n', 'v2\n']);
  });

  it('ends what it started when the time is over, with the tag put back', async () => {
    write('slow', '');
    const abort = new AbortController();
    const outcome = runner().execute('deployment', wanted('v1'), abort.signal, 'slow-compose').catch((error: unknown) => error);
    await waitFor(() => calls().some((call) => call.includes(' up ')));
    abort.abort(new Error('too slow'));
    expect(await outcome).toBeInstanceOf(Error);
    expect(carriers('BELAY_ATTEMPT_ID=slow-compose')).toEqual([]);
    expect(read('project/.env')).toContain('API_TAG=v2');
  });

  it('sees what a crash has left half done, a project that is down, and a docker that is not there', async () => {
    write('project/.env', 'API_TAG=v1\n');
    expect((await runner().describe('deployment', wanted('v1'))).summary).toContain(`v2, but API_TAG in ${file('project/.env')} is v1 → v1`);
    await runner().execute('deployment', wanted('v1'));
    rmSync(file('running'));
    expect(await runner().state('deployment', wanted('v1'))).toBe('not-applied');
    await expect(runner({ docker: ['./no-docker'] }).execute('deployment', wanted('v2'))).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('there is no such program') as string });
    program('docker', '#!/bin/sh\necho "Cannot connect to the Docker daemon" >&2; exit 1\n');
    expect((await runner().describe('deployment', wanted('v1'))).summary).toContain('Cannot connect to the Docker daemon');
    program('docker', '#!/bin/sh\necho "NAME  IMAGE"\n');
    expect((await runner().describe('deployment', wanted('v1'))).summary).toContain('did not print a list of containers');
  });
});

describe('systemd', () => {
  /** `show` tells what `properties` has; `restart` does what `on-restart-RELEASE` says, else it comes up. */
  const systemctl = `#!/bin/bash
cd "$(dirname "$0")"
printf '%s\\n' "$*" >> calls
case "$1" in
  show) cat properties ;;
  restart)
    release=$(basename "$(readlink current)")
    if [ -e "on-restart-$release" ]; then . "./on-restart-$release"; else printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nResult=success\\nMainPID=%s\\nNRestarts=0\\n' "$RANDOM$RANDOM" > properties; fi ;;
  *) echo "Unknown command verb $1." >&2; exit 1 ;;
esac
`;
  const up = 'LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nMainPID=0\nNRestarts=0\n';
  const runner = (binding: Record<string, unknown> = {}): StepRunner =>
    new StepRunner({ directory, bindings: { deployments: { api: { type: 'systemd', systemctl: ['./systemctl'], unit: 'api.service', releases: 'releases', link: 'current', stableFor: '0s', startWithin: '1s', ...binding } } } });

  beforeEach(() => {
    program('systemctl', systemctl);
    for (const version of ['v1', 'v2', 'v3']) mkdirSync(file(`releases/${version}`), { recursive: true });
    symlinkSync('releases/v2', file('current'));
    write('properties', up);
  });

  it('restarts the unit on the release, sees it active, and undoes it', async () => {
    const captured = await runner().capture('deployment', wanted('v1'));
    await runner().execute('deployment', wanted('v1'));
    expect(calls().filter((call) => call.startsWith('restart'))).toEqual(['restart api.service']);
    expect(await runner().state('deployment', wanted('v1'))).toBe('applied');
    await runner().undo('deployment', wanted('v1'), captured);
    expect(readlinkSync(file('current'))).toBe('releases/v2');
  });

  it.each([
    ['fails', `printf 'LoadState=loaded\\nActiveState=failed\\nSubState=failed\\nResult=exit-code\\nMainPID=0\\nNRestarts=5\\n' > properties; echo 'Job for api.service failed because the control process exited with error code.' >&2; exit 1`, /^systemctl restart api\.service exited with 1: Job for api\.service failed.*; v2 was switched back$/],
    ['fails a moment later', `printf 'LoadState=loaded\\nActiveState=failed\\nSubState=failed\\nResult=exit-code\\nMainPID=0\\nNRestarts=5\\n' > properties`, /^release v3 does not come up: api\.service has failed \(exit-code\); v2 was switched back$/],
    ['is started again and again', `printf 'LoadState=loaded\\nActiveState=activating\\nSubState=auto-restart\\nResult=exit-code\\nMainPID=0\\nNRestarts=2\\n' > properties`, /^release v3 has not come up within 1 s: api\.service is activating \(auto-restart\); v2 was switched back$/],
  ])('goes back when the unit %s', async (_how, onRestart, message) => {
    write('on-restart-v3', onRestart);
    await expect(runner().execute('deployment', wanted('v3'))).rejects.toMatchObject({ message: expect.stringMatching(message) as string });
    expect(readlinkSync(file('current'))).toBe('releases/v2');
    expect(await runner().state('deployment', wanted('v2'))).toBe('applied');
  });

  it('is not stable while it is restarted behind the scenes', async () => {
    write('on-restart-v3', `(for i in 1 2 3 4 5 6 7 8 9; do printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nResult=success\\nMainPID=90000%s\\nNRestarts=%s\\n' $i $i > next; mv next properties; sleep 0.3; done) > /dev/null 2>&1 &`);
    await expect(runner({ stableFor: '2s' }).execute('deployment', wanted('v3'))).rejects.toMatchObject({ message: expect.stringContaining('release v3 has not come up within 1 s: it is started again and again') as string });
  });

  it('needs a unit that is loaded, before anything is touched', async () => {
    write('properties', 'LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nMainPID=0\nNRestarts=0\n');
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'provider-refused', message: 'systemd has not loaded api.service (not-found)' });
    program('systemctl', '#!/bin/sh\necho "Failed to connect to bus: No such file or directory" >&2; exit 1\n');
    await expect(runner().execute('deployment', wanted('v1'))).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('Failed to connect to bus') as string });
    expect(readlinkSync(file('current'))).toBe('releases/v2');
    program('systemctl', '#!/bin/sh\nsleep 1000\n');
    await expect(runner().execute('deployment', wanted('v1'), AbortSignal.timeout(300), 'slow-systemctl')).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(carriers('BELAY_ATTEMPT_ID=slow-systemctl')).toEqual([]);
  });
});
