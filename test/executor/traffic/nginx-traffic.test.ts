import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/processes.js';
import { hostileValues } from '../../support/hostile-values.js';
import { startNginx, type NginxServer } from '../../support/nginx-server.js';
import { StepRunner } from '../../support/step-runner.js';

let nginx: NginxServer;
beforeEach(async () => {
  nginx = await startNginx(["location / { return 200 'site'; }", "location ^~ /api/v1/ { return 200 'v1'; }", "location = /api/v1 { return 200 'v1'; }", "location /api/v2/ { return 200 'v2'; }"]);
});
afterEach(() => nginx.stop());

const include = (): string => join(nginx.directory, 'blocked/belay.conf');
const runner = (binding: Record<string, unknown> = {}): StepRunner =>
  new StepRunner({
    directory: nginx.directory,
    bindings: { traffic: { shop: { type: 'nginx', include: 'blocked/belay.conf', endpoints: ['/api/v1', '/api/v2/', '/'], test: [...nginx.argv, '-t'], reload: [...nginx.argv, '-s', 'reload'], probe: { url: nginx.url, headers: { connection: 'close' } }, ...binding } } },
  });
const blocked = (...endpoints: string[]): Record<string, unknown> => ({ service: 'shop', maintenance: true, endpoints });
const statuses = (...paths: string[]): Promise<number[]> => Promise.all(paths.map((path) => nginx.status(path)));

describe('an nginx', () => {
  it('answers chosen endpoints with 503 and all others as before, until it is undone', async () => {
    expect((await runner().describe('traffic', blocked('/api/v1'))).summary).toBe('traffic of shop at /api/v1 (blocked/belay.conf): open → blocked, then reload');
    const captured = await runner().capture('traffic', blocked('/api/v1'));
    await runner().execute('traffic', blocked('/api/v1'));
    expect(await statuses('/api/v1', '/api/v1/', '/api/v1/tasks?x=1', '/%61pi//v1/tasks', '/api/v10', '/api/v2/tasks', '/', '/other')).toEqual([503, 503, 503, 503, 200, 200, 200, 200]);
    await runner().undo('traffic', blocked('/api/v1'), captured);
    expect(await statuses('/api/v1/tasks', '/')).toEqual([200, 200]);
  });

  it('keeps what other steps have blocked, and what was blocked before stays so after an undo', async () => {
    await runner().execute('traffic', blocked('/api/v2'));
    const captured = await runner().capture('traffic', blocked('/api/v1', '/api/v2'));
    await runner().execute('traffic', blocked('/api/v1', '/api/v2'));
    expect(await statuses('/api/v1/x', '/api/v2/x', '/')).toEqual([503, 503, 200]);
    await runner().undo('traffic', blocked('/api/v1', '/api/v2'), captured);
    expect(await statuses('/api/v1/x', '/api/v2/x', '/')).toEqual([200, 503, 200]);
    await runner().execute('traffic', { service: 'shop', maintenance: false, endpoints: ['/api/v2/'] });
    expect(await statuses('/api/v2/x')).toEqual([200]);
  });

  it('can be in maintenance as a whole', async () => {
    await runner().execute('traffic', blocked('/'));
    expect(await statuses('/', '/api/v1/tasks', '/anything')).toEqual([503, 503, 503]);
    await runner().execute('traffic', { service: 'shop', maintenance: 'off' });
    expect(await statuses('/', '/api/v1/tasks')).toEqual([200, 200]);
  });

  it('that does not take the change gets its file back, and goes on as it was', async () => {
    await runner().execute('traffic', blocked('/api/v2'));
    const before = readFileSync(include(), 'utf8');
    // A test that fails once the file has changed, as it does where the include stands at a place without `if`.
    const picky = join(nginx.directory, 'picky.sh');
    writeFileSync(picky, `grep -q v1 '${include()}' && { echo '"if" directive is not allowed here' >&2; exit 1; }\nexit 0\n`);
    await expect(runner({ test: ['/bin/sh', picky] }).execute('traffic', blocked('/api/v1'))).rejects.toMatchObject({
      code: 'provider-refused',
      message: expect.stringMatching(/nginx does not take the change, and blocked\/belay\.conf was put back: .*"if" directive is not allowed here/) as string,
    });
    expect(readFileSync(include(), 'utf8')).toBe(before);
    expect(await statuses('/api/v1/x', '/api/v2/x')).toEqual([200, 503]);
  });

  it('whose include stands at a wrong place refuses it by itself, and no file stays', async () => {
    const text = readFileSync(nginx.configFile, 'utf8');
    writeFileSync(nginx.configFile, text.replace('http {', `include ${nginx.directory}/blocked/*.conf;\nhttp {`));
    await expect(runner().execute('traffic', blocked('/api/v1'))).rejects.toThrow(/was put back: .*"if" directive is not allowed here/);
    expect(existsSync(include())).toBe(false);
    expect(await statuses('/api/v1/x')).toEqual([200]);
  });

  it('whose configuration is broken already is not touched', async () => {
    appendFileSync(nginx.configFile, 'nonsense;\n');
    await expect(runner().execute('traffic', blocked('/api/v1'))).rejects.toThrow(/does not take its configuration as it is, so nothing was changed: .*unknown directive "nonsense"/);
    expect(existsSync(include())).toBe(false);
    expect(await statuses('/api/v1/x')).toEqual([200]);
  });

  it('that takes the change and shows nothing of it has not done it', async () => {
    await expect(runner({ reload: ['true'] }).execute('traffic', blocked('/api/v1'), AbortSignal.timeout(3_000))).rejects.toMatchObject({
      code: 'state-not-as-wanted',
      message: expect.stringMatching(/wanted blocked, found clients see otherwise: GET http:.*\/api\/v1 answered 200/) as string,
    });
    await waitFor(() => existsSync(include()));
  });

  it('with somebody else in the file is refused', async () => {
    writeFileSync(include(), 'location /mine { return 204; }\n');
    await expect(runner().execute('traffic', blocked('/api/v1'))).rejects.toThrow(/holds a line that is not Belay's/);
    expect(readFileSync(include(), 'utf8')).toBe('location /mine { return 204; }\n');
  });

  it.each<readonly [string, string]>([...hostileValues, ['a closing brace', '/api"){} return 200;#'], ['a dot segment', '/api/../v1'], ['a variable', '/$host'], ['a carriage return', '/a\r'], ['no slash', 'api'], ['a double slash', '//evil'], ['an encoded path', '/%2e%2e']])('never gets %s from a step', async (_what, path) => {
    await expect(runner().execute('traffic', blocked(path))).rejects.toMatchObject({ code: 'parameter-invalid' });
    expect(() => runner({ endpoints: [path] })).toThrow();
    expect(existsSync(include())).toBe(false);
  });

  it('is not asked for endpoints that the binding does not name', async () => {
    await expect(runner().execute('traffic', blocked('/admin'))).rejects.toMatchObject({ code: 'parameter-invalid', message: "/admin is not one of the binding's endpoints; they are /api/v1, /api/v2, /" });
    await expect(runner().execute('traffic', { service: 'shop', replicas: 0 })).rejects.toThrow('takes maintenance: true or false');
  });
});
