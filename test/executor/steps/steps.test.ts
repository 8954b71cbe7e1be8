import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepTypes } from '../../../src/rollback/rollback-plan.js';
import { stepParameterSchemas } from '../../../src/executor/step-parameters.js';
import type { Check, CheckResult } from '../../../src/source/check.js';
import { FakeClock } from '../../support/fake-clock.js';
import { startJsonService } from '../../support/json-service.js';
import { carriers, waitFor } from '../../support/processes.js';
import { context, StepRunner } from '../../support/step-runner.js';

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'belay-steps-')));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string): string => join(directory, name);
const script = (name: string, text: string): void => writeFileSync(file(name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });

describe('deployment', () => {
  const wanted = { service: 'frontend', version: '1.5.2', environment: 'production' };
  const runner = (binding: Record<string, unknown> = {}): StepRunner =>
    new StepRunner({ directory, bindings: { deployments: { frontend: { type: 'command', deploy: ['./deploy', '${service}', '${version}', '${environment}'], current: ['cat', 'version'], env: { TARGET: '${environment}-cluster' }, ...binding } } } });

  it('deploys, and waits until the version really runs', async () => {
    writeFileSync(file('version'), '1.6.0\n');
    script('deploy', 'echo "$@ to $TARGET" >> log; (sleep 0.7; echo "$2" > version) &');
    expect(await runner().describe('deployment', wanted)).toEqual({ summary: 'deployment of frontend in production: 1.6.0 → 1.5.2', before: '1.6.0', after: '1.5.2' });
    await runner().execute('deployment', wanted);
    expect(readFileSync(file('version'), 'utf8')).toBe('1.5.2\n');
    await runner().execute('deployment', wanted);
    expect(readFileSync(file('log'), 'utf8')).toBe('frontend 1.5.2 production to production-cluster\n');
  });

  it('says what runs instead when the time is over, and leaves nothing of the deployment running that was not finished', async () => {
    writeFileSync(file('version'), '1.6.0\n');
    script('deploy', 'true');
    await expect(runner().execute('deployment', wanted, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'state-not-as-wanted',
      message: 'deployment of frontend in production: wanted 1.5.2, found 1.6.0',
      cause: { name: 'TimeoutError' },
    });
    script('deploy', "trap '' TERM; setsid sleep 1000 & touch started; sleep 1000");
    const abort = new AbortController();
    const outcome = runner().execute('deployment', wanted, abort.signal, 'stuck-deployment').catch((error: unknown) => error);
    await waitFor(() => existsSync(file('started')));
    abort.abort(new Error('too slow'));
    expect(await outcome).toMatchObject({ message: 'too slow' });
    expect(carriers('BELAY_ATTEMPT_ID=stuck-deployment')).toEqual([]);
  });

  it('goes on although the present version cannot be read, as when the service is down', async () => {
    script('deploy', 'echo "$2" > version');
    expect(await runner().state('deployment', wanted)).toBe('unknown');
    expect((await runner().describe('deployment', wanted)).summary).toContain('cat exited with 1');
    await runner().execute('deployment', wanted);
    expect(readFileSync(file('version'), 'utf8')).toBe('1.5.2\n');
  });

  it.each(['; rm -rf /', '$(id)', '--flag', '../../x', 'a b'])('hands the version %j over as one argument', async (version) => {
    script('deploy', 'printf "%s\\n" "$2" > version; echo $# > count');
    await runner().execute('deployment', { ...wanted, version });
    expect([readFileSync(file('version'), 'utf8'), readFileSync(file('count'), 'utf8')]).toEqual([`${version}\n`, '3\n']);
  });

  it('goes through an HTTP API as well', async () => {
    let version = '1.6.0';
    const service = await startJsonService((request) => {
      if (request.method === 'POST') version = (JSON.parse(request.body) as { version: string }).version;
      return { status: request.method === 'POST' ? 202 : 200, body: { apps: { 'shop/web': { version } } } };
    });
    const binding = { type: 'http', deploy: { url: `${service.url}/deploy`, body: { version: '${version}' }, expectStatus: [200, 202] }, current: { url: `${service.url}/apps`, jsonPointer: '/apps/${service}/version' } };
    const http = new StepRunner({ bindings: { deployments: { 'shop/web': binding } } });
    await http.execute('deployment', { ...wanted, service: 'shop/web' });
    expect(version).toBe('1.5.2');
    await service.close();
  });
});

describe('data', () => {
  const runner = (): StepRunner =>
    new StepRunner({ directory, bindings: { databases: { 'user-service-db': { type: 'command', restore: ['./restore', '${database}', '${tables}'], verify: ['./verify'] } } } });
  const wanted = { database: 'user-service-db', tables: { user_profiles: 'backup-1' } };

  it('is restored unless it is as wanted, and verified afterwards', async () => {
    script('restore', 'echo "$2" > restored');
    script('verify', 'test -e restored');
    expect(await runner().state('data', wanted)).toBe('not-applied');
    await runner().execute('data', wanted);
    expect(readFileSync(file('restored'), 'utf8')).toBe('{"user_profiles":"backup-1"}\n');
    script('restore', 'touch restored-again');
    await runner().execute('data', wanted);
    expect(existsSync(file('restored-again'))).toBe(false);
  });

  it('fails when it is not as wanted afterwards or cannot be told', async () => {
    script('restore', 'touch ran');
    script('verify', 'echo rows are missing; exit 1');
    await expect(runner().execute('data', wanted)).rejects.toMatchObject({ code: 'state-not-as-wanted', message: expect.stringContaining('rows are missing') as string });
    script('verify', 'exit 2');
    expect(await runner().state('data', wanted)).toBe('unknown');
    await expect(runner().execute('data', wanted)).rejects.toMatchObject({ code: 'state-not-as-wanted' });
    await expect(runner().execute('data', { database: 'user-service-db', snapshotId: 's1' })).rejects.toMatchObject({ code: 'template-unresolved', message: expect.stringContaining('${tables}') as string });
    await expect(runner().execute('data', { database: 'user-service-db' })).rejects.toMatchObject({ code: 'parameter-invalid', message: expect.stringContaining('needs one of snapshotId, tables and migration') as string });
  });
});

describe('notification', () => {
  it('is handed over with its context, and is described without being sent', async () => {
    const runner = new StepRunner({});
    const parameters = { recipients: ['ops@example.com'], channel: 'email', message: 'Rollback started', details: { environment: 'staging' } };
    expect((await runner.describe('notification', parameters)).summary).toBe('tell ops@example.com by email: Rollback started');
    expect(runner.notifications).toEqual([]);
    await runner.execute('notification', parameters);
    expect(runner.notifications).toEqual([{ ...parameters, context, stepOfExecution: 'test-execution/plan/the-step' }]);
    await expect(runner.execute('notification', { ...parameters, recipients: [] })).rejects.toMatchObject({ code: 'parameter-invalid' });
    await expect(runner.execute('notification', { channel: 'email', message: 'x' })).rejects.toMatchObject({ code: 'parameter-missing', message: expect.stringContaining('recipients') as string });
  });
});

describe('command', () => {
  const runner = (): StepRunner => new StepRunner({ directory });

  it('runs in its directory with its environment and carries its attempt', async () => {
    script('act', 'echo "$1|$MODE|$BELAY_ATTEMPT_ID|$PWD" > out');
    await runner().execute('command', { command: ['./act', '${not a reference}; $(id)'], env: { MODE: 'safe' } }, undefined, 'attempt-7');
    expect(readFileSync(file('out'), 'utf8')).toBe(`\${not a reference}; $(id)|safe|attempt-7|${directory}\n`);
    expect(await runner().describe('command', { command: ['./act', 'two words'] })).toEqual({ summary: 'run ./act "two words"' });
    expect(await runner().state('command', { command: ['./act'] })).toBe('unknown');
  });

  it('with verify runs only where it is not as wanted, and must be so afterwards', async () => {
    script('act', 'touch acted; echo x >> runs');
    const parameters = { command: ['./act'], verify: ['test', '-e', 'acted'] };
    expect(await runner().state('command', parameters)).toBe('not-applied');
    await runner().execute('command', parameters);
    await runner().execute('command', parameters);
    expect(readFileSync(file('runs'), 'utf8')).toBe('x\n');
    expect((await runner().describe('command', parameters)).summary).toBe('already as wanted, without ./act');
    await expect(runner().execute('command', { command: ['true'], verify: ['false'] })).rejects.toMatchObject({ code: 'state-not-as-wanted' });
  });

  it('fails with what it said last', async () => {
    script('act', 'echo fine; for i in $(seq 500); do echo "line $i" >&2; done; exit 4');
    await expect(runner().execute('command', { command: ['./act'] })).rejects.toMatchObject({ code: 'command-failed', message: expect.stringMatching(/^\.\/act exited with 4: … [^]*line 500$/) as string });
    script('act', 'kill -9 $$');
    await expect(runner().execute('command', { command: ['./act'] })).rejects.toThrow('./act was ended by SIGKILL');
  });
});

describe('http', () => {
  it('sends what the step says, and fails unless the status is the expected one', async () => {
    const service = await startJsonService(({ url }) => ({ status: url === '/good' ? 200 : 500 }));
    const runner = new StepRunner({});
    await runner.execute('http', { url: `${service.url}/good`, headers: { 'x-note': 'a' }, body: { purge: ['${x}'] } });
    expect(service.requests[0]).toMatchObject({ method: 'POST', url: '/good', body: '{"purge":["${x}"]}' });
    await expect(runner.execute('http', { url: `${service.url}/bad` })).rejects.toMatchObject({ code: 'provider-refused' });
    await expect(runner.execute('http', { url: `${service.url}/good`, headers: { 'x-note': 'a\r\nx-other: b' } })).rejects.toMatchObject({ code: 'parameter-invalid' });
    expect((await runner.describe('http', { url: 'https://ana:pass@cdn.example.com/purge?key=s3cret' })).summary).toBe('send POST https://cdn.example.com/purge');
    expect(service.requests).toHaveLength(2);
    await service.close();
  });
});

describe('check', () => {
  it('hands over the check as it was written, and fails on anything but OK', async () => {
    const asked: Check[] = [];
    let status: CheckResult['status'] = 'ok';
    const runner = new StepRunner({
      check: (check) => {
        asked.push(check);
        return { name: check.name, status, at: 0, detail: 'so it is' };
      },
    });
    const parameters = { type: 'query', source: 'prometheus', expr: 'up', condition: '>= 1', timeout: '2s' };
    await runner.execute('check', parameters);
    expect(asked).toEqual([{ type: 'query', name: 'up >= 1', source: 'prometheus', expr: 'up', condition: { comparison: '>=', threshold: 1, unit: 'number', text: '>= 1' }, timeoutMs: 2_000 }]);
    for (status of ['failed', 'unknown', 'error'] as const) await expect(runner.execute('check', parameters)).rejects.toMatchObject({ code: 'step-failed', message: `check up >= 1 is ${status}: so it is` });
    await expect(runner.execute('check', { ...parameters, condition: 'about 1' })).rejects.toMatchObject({ code: 'parameter-invalid', message: expect.stringContaining('is not a condition') as string });
  });
});

describe('wait', () => {
  it('lets the time pass and stops when told to', async () => {
    const clock = new FakeClock();
    const runner = new StepRunner({ clock });
    let isDone = false;
    const waiting = runner.execute('wait', { duration: '1m30s' }).then(() => (isDone = true));
    await clock.advance(89_999);
    expect(isDone).toBe(false);
    await clock.advance(1);
    await waiting;
    const abort = new AbortController();
    const cancelled = runner.execute('wait', { duration: '1h' }, abort.signal).catch((error: unknown) => error);
    abort.abort(new Error('cancelled'));
    expect(await cancelled).toMatchObject({ message: 'cancelled' });
    expect(clock.sleeping).toBe(0);
    expect((await runner.describe('wait', { duration: '90s' })).summary).toBe('wait 1m30s');
  });
});

it('has a schema and an executor for every step type', async () => {
  expect(Object.keys(stepParameterSchemas).sort()).toEqual([...stepTypes].sort());
  for (const type of stepTypes) await expect(new StepRunner({}).execute(type, { nonsense: true })).rejects.toMatchObject({ name: 'BelayError' });
});
